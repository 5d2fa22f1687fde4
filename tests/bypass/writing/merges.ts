/** Row 29: MERGE. */
import { type Kysely, sql } from "kysely";
import { withDefaults } from "../defaults.ts";
import type { BypassCase } from "../case.ts";
import { NO_MERGE, NO_MERGE_BY_SOURCE } from "../lacks.ts";
import { READING_ONLY, type SubjectName } from "../subjects.ts";

/** A MERGE is refused where subqueries are to check what it updates. */
const UNCHECKED: readonly SubjectName[] = [...READING_ONLY, "policies"];

const into = (db: Kysely<any>): any =>
  db.mergeInto("users as u").using("tags as t", "t.user_id", "u.id");

/** Matches the first user only. */
const intoFirst = (db: Kysely<any>): any =>
  db.mergeInto("users as u")
    .using("tags as t", (join) => join.onRef("t.user_id", "=", "u.id").on("t.id", "=", 1));

export const merges: readonly BypassCase[] = withDefaults({ writes: true, lacks: NO_MERGE }, [
  {
    name: "matched, update",
    subjects: UNCHECKED,
    run: ({ db }) => into(db).whenMatched().thenUpdateSet({ name: "hit" }).execute(),
  },
  {
    name: "matched, update from the source",
    subjects: UNCHECKED,
    run: ({ db }) =>
      into(db).whenMatched().thenUpdateSet((eb: any) => ({ name: eb.ref("t.name") })).execute(),
  },
  {
    name: "matched, delete",
    run: ({ db }) => into(db).whenMatched().thenDelete().execute(),
  },
  {
    name: "matched and a raw OR",
    subjects: UNCHECKED,
    run: ({ db }) =>
      into(db).whenMatchedAnd(sql<boolean>`1 = 1 or u.score > 1000`)
        .thenUpdateSet({ name: "hit" }).execute(),
  },
  {
    name: "a raw OR in the condition of the join",
    run: ({ db }) =>
      db.mergeInto("users as u")
        .using("tags as t", (join) => join.on(sql<boolean>`t.user_id = u.id or t.id = 1000`))
        .whenMatched().thenDelete().execute(),
  },
  {
    name: "plain names, no alias",
    run: ({ db }) =>
      db.mergeInto("users").using("tags", "tags.user_id", "users.id").whenMatched().thenDelete()
        .execute(),
  },
  {
    name: "schema-qualified target",
    run: ({ db, schema }) =>
      db.mergeInto(`${schema}.users as u`).using("tags", "tags.user_id", "u.id").whenMatched()
        .thenDelete().execute(),
  },
  {
    name: "a hidden row of the source",
    run: ({ db }) =>
      db.mergeInto("tags as t").using("users as u", "u.id", "t.user_id").whenMatched()
        .thenUpdateSet((eb: any) => ({ name: eb.ref("u.name") })).execute(),
  },
  {
    name: "a hidden row of the source, not matched",
    run: ({ db }) =>
      db.mergeInto("tags").using("users", "users.id", "tags.id").whenNotMatched()
        .thenInsertValues((eb: any) => ({ id: sql`users.id + 20`, name: eb.ref("users.name") }))
        .execute(),
  },
  {
    name: "schema-qualified source without an alias",
    must: ["F", "R"],
    run: ({ db, schema }) =>
      db.mergeInto("tags").using(`${schema}.users`, `${schema}.users.id`, "tags.user_id")
        .whenMatched().thenUpdateSet({ name: "hit" }).execute(),
  },
  {
    name: "source is a subquery",
    run: ({ db }) =>
      db.mergeInto("tags as t")
        .using(
          (eb: any) => eb.selectFrom("users").select(["users.id", "users.name"]).as("u"),
          "u.id" as never,
          "t.user_id" as never,
        )
        .whenMatched().thenUpdateSet((eb: any) => ({ name: eb.ref("u.name") })).execute(),
  },
  {
    name: "source and target filtered, the same table",
    subjects: UNCHECKED,
    run: ({ db }) =>
      db.mergeInto("users as u").using("users as boss", "boss.id", "u.boss_id").whenMatched()
        .thenUpdateSet((eb: any) => ({ name: eb.ref("boss.name") })).execute(),
  },
  {
    name: "subquery in what is set",
    run: ({ db }) =>
      db.mergeInto("tags as t").using("tags as s", "s.id", "t.id").whenMatched()
        .thenUpdateSet({
          user_id: db.selectFrom("users").select((eb: any) => eb.fn.max("id").as("m")),
        })
        .execute(),
  },
  {
    name: "WITH in front",
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").select(["id", "name"]))
        .mergeInto("tags as t").using("x", "x.id", "t.user_id").whenMatched()
        .thenUpdateSet((eb: any) => ({ name: eb.ref("x.name") })).execute(),
  },
  {
    name: "not matched by source, update",
    subjects: UNCHECKED,
    lacks: NO_MERGE_BY_SOURCE,
    run: ({ db }) =>
      intoFirst(db).whenNotMatchedBySource().thenUpdateSet({ name: "hit" }).execute(),
  },
  {
    name: "not matched by source, delete",
    lacks: NO_MERGE_BY_SOURCE,
    run: ({ db }) => intoFirst(db).whenNotMatchedBySource().thenDelete().execute(),
  },
  {
    name: "not matched by source, and a raw OR",
    lacks: NO_MERGE_BY_SOURCE,
    run: ({ db }) =>
      intoFirst(db).whenNotMatchedBySourceAnd(sql<boolean>`1 = 1 or u.score > 1000`).thenDelete()
        .execute(),
  },
  {
    name: "a condition of WHEN that goes on to not matched by source",
    lacks: NO_MERGE_BY_SOURCE,
    must: ["R"],
    run: ({ db }) =>
      intoFirst(db)
        .whenMatchedAnd(sql<boolean>`1 = 1 then do nothing when not matched by source`)
        .thenDelete().execute(),
    truth: () => Promise.resolve([]),
  },
  {
    name: "returning",
    subjects: UNCHECKED,
    lacks: NO_MERGE_BY_SOURCE,
    run: ({ db }) =>
      into(db).whenMatched().thenUpdateSet({ score: 0 }).returning(["u.id", "u.name"]).execute(),
  },
]);
