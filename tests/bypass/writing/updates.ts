/** Rows 19 to 21: UPDATE. */
import { sql } from "kysely";
import { withDefaults } from "../defaults.ts";
import type { BypassCase } from "../case.ts";
import { NO_RETURNING, NO_UPDATE_FROM, onlyMysql, onlySqlite } from "../lacks.ts";
import { READING_ONLY } from "../subjects.ts";

export const updates: readonly BypassCase[] = withDefaults({ writes: true }, [
  {
    name: "plain",
    run: ({ db }) => db.updateTable("users").set({ name: "x" }).execute(),
  },
  {
    name: "by the key of a hidden row",
    run: ({ db }) => db.updateTable("users").set({ name: "x" }).where("id", "=", 4).execute(),
  },
  {
    name: "aliased target",
    run: ({ db }) =>
      db.updateTable("users as u").set({ name: "x" }).where("u.score", ">", 15).execute(),
  },
  {
    name: "schema-qualified target",
    run: ({ db, schema }) => db.updateTable(`${schema}.users`).set({ name: "x" }).execute(),
  },
  {
    name: "withSchema()",
    run: ({ db, schema }) =>
      db.withSchema(schema).updateTable("users").set({ name: "x" }).where("users.id", ">", 1)
        .execute(),
  },
  {
    name: "OR of the builder in where",
    run: ({ db }) =>
      db.updateTable("users").set({ name: "x" })
        .where((eb) => eb.or([eb("score", ">", 1000), eb("score", "<", 1000)])).execute(),
  },
  {
    name: "subquery in set",
    run: ({ db }) =>
      db.updateTable("tags").set((eb) => ({
        name: eb.selectFrom("users").select("users.name").whereRef("users.id", "=", "tags.user_id"),
      })).execute(),
  },
  {
    name: "subquery in the raw name of a column",
    must: ["F", "R"],
    run: ({ db, bare }) =>
      db.updateTable("tags").set(
        sql`name = ${
          bare.selectFrom("users").select((eb) => eb.fn.max("name").as("m"))
        }, user_id` as any,
        1,
      ).execute(),
  },
  {
    name: "subquery in where",
    run: ({ db }) =>
      db.updateTable("tags").set({ name: "x" })
        .where("user_id", "in", db.selectFrom("users").select("id")).execute(),
  },
  {
    name: "from",
    lacks: NO_UPDATE_FROM,
    run: ({ db }) =>
      db.updateTable("tags").from("users")
        .set((eb) => ({ name: eb.ref("users.name") }))
        .whereRef("users.id", "=", "tags.user_id").execute(),
  },
  {
    name: "from, target filtered, aliased on both sides",
    lacks: NO_UPDATE_FROM,
    run: ({ db }) =>
      db.updateTable("users as u").from("blog_posts as p")
        .set((eb) => ({ name: eb.ref("p.title") }))
        .whereRef("p.user_id", "=", "u.id").execute(),
  },
  {
    name: "from, self join",
    lacks: NO_UPDATE_FROM,
    run: ({ db }) =>
      db.updateTable("users").from("users as boss")
        .set((eb) => ({ name: eb.ref("boss.name") }))
        .whereRef("boss.id", "=", "users.boss_id").execute(),
  },
  {
    name: "from with an inner join",
    lacks: NO_UPDATE_FROM,
    run: ({ db }) =>
      db.updateTable("tags").from("users")
        .innerJoin("blog_posts as p", "p.user_id", "users.id")
        .set((eb) => ({ name: eb.ref("p.title") }))
        .whereRef("users.id", "=", "tags.user_id").execute(),
  },
  {
    name: "from with a left join",
    lacks: NO_UPDATE_FROM,
    run: ({ db }) =>
      db.updateTable("tags").from("tags as t")
        .leftJoin("users as u", "u.id", "t.user_id")
        .set((eb) => ({ name: eb.fn.coalesce("u.name", sql`'nobody'`) }))
        .whereRef("t.id", "=", "tags.id").execute(),
  },
  {
    name: "from with a right join",
    lacks: NO_UPDATE_FROM,
    run: ({ db }) =>
      db.updateTable("tags").from("tags as t")
        .rightJoin("users as u", "u.id", "t.user_id")
        .set((eb) => ({ name: eb.ref("u.name") }))
        .whereRef("t.id", "=", "tags.id").execute(),
  },
  {
    name: "from a subquery",
    lacks: NO_UPDATE_FROM,
    run: ({ db }) =>
      db.updateTable("tags")
        .from((eb) => eb.selectFrom("users").select(["users.id as uid", "users.name"]).as("u"))
        .set((eb) => ({ name: eb.ref("u.name") }))
        .whereRef("u.uid", "=", "tags.user_id").execute(),
  },
  {
    name: "several tables",
    // It is refused where subqueries are to check what it writes.
    subjects: [...READING_ONLY, "policies"],
    lacks: onlyMysql("UPDATE of several tables is MySQL's"),
    run: ({ db }) =>
      db.updateTable(["tags", "users"]).set((eb) => ({ score: eb.ref("tags.id") }))
        .whereRef("users.id", "=", "tags.user_id").execute(),
  },
  {
    name: "several tables, the filtered one read only",
    // It is refused where subqueries are to check what it writes.
    subjects: [...READING_ONLY, "policies"],
    lacks: onlyMysql("UPDATE of several tables is MySQL's"),
    run: ({ db }) =>
      db.updateTable(["tags as t", "users as u"])
        .set((eb) => eb.ref("t.name"), (eb: any) => eb.ref("u.name"))
        .whereRef("u.id", "=", "t.user_id").execute(),
  },
  {
    name: "limit, ordered",
    lacks: onlyMysql("LIMIT of an UPDATE is MySQL's"),
    run: ({ db }) => db.updateTable("users").set({ name: "x" }).orderBy("score").limit(1).execute(),
  },
  {
    name: "returning",
    lacks: NO_RETURNING,
    run: ({ db }) =>
      db.updateTable("users").set({ score: 0 }).returning(["name", "score"]).execute(),
  },
  {
    name: "raw value in set",
    run: ({ db }) => db.updateTable("users").set({ name: sql`upper(name)` }).execute(),
  },
  {
    name: "a NUL in the raw value: what is behind it would be cut off",
    lacks: onlySqlite("SQLite reads as far as a NUL"),
    must: ["R"],
    run: ({ db }) => db.updateTable("users").set({ name: sql`'x' ${sql.raw("\0")}` }).execute(),
    truth: () => Promise.resolve([]),
  },
  {
    name: "a comment in the raw value: what is behind it would be cut off",
    must: ["R"],
    raw: true,
    run: ({ db }) => db.updateTable("users").set({ name: sql`'x' ${sql.raw("-- ")}` }).execute(),
    truth: () => Promise.resolve([]),
  },
  {
    name: "compiled, then run",
    run: async ({ db }) => {
      const { rows, numAffectedRows } = await db.executeQuery(
        db.updateTable("users").set({ name: "x" }).compile(),
      );
      return { rows, numAffectedRows };
    },
  },
  {
    name: "of a list with one table",
    lacks: onlyMysql("UPDATE of a list is MySQL's"),
    run: ({ db }) => db.updateTable(["users"]).set({ name: "x" }).execute(),
  },
]);

/** What a filter alone says of them: a hidden row is not there to be moved. The rest is row-level security's. */
export const movingRows: readonly BypassCase[] = [
  {
    name: "takes hidden rows into sight",
    writes: true,
    run: ({ db }) =>
      db.updateTable("users").set({ deleted_at: null, tenant_id: 1 })
        .where((eb) => eb.or([eb("deleted_at", "is not", null), eb("tenant_id", "=", 2)]))
        .execute(),
  },
  {
    name: "swaps the key of a hidden row",
    writes: true,
    run: ({ db }) => db.updateTable("users").set({ id: 40 }).where("id", "=", 4).execute(),
  },
];

export const ownColumns: readonly BypassCase[] = [
  {
    name: "deleted_at of hidden rows",
    writes: true,
    run: ({ db }) => db.updateTable("users").set({ deleted_at: null }).execute(),
  },
  {
    name: "deleted_at of hidden rows, through an alias and FROM",
    lacks: NO_UPDATE_FROM,
    writes: true,
    run: ({ db }) =>
      db.updateTable("users as u").from("tags as t").set({ deleted_at: null })
        .whereRef("t.user_id", "=", "u.id").execute(),
  },
];
