/** Rows 24 to 28: INSERT. */
import { type Kysely, sql } from "kysely";
import { withDefaults } from "../defaults.ts";
import type { BypassCase } from "../case.ts";
import { NO_ON_CONFLICT, onlyMysql, onlySqlite } from "../lacks.ts";
import { READING_ONLY } from "../subjects.ts";

const done = () => "done";

export const insertSelect: readonly BypassCase[] = withDefaults({ writes: true }, [
  {
    name: "from a filtered table",
    run: ({ db }) =>
      db.insertInto("tags").columns(["id", "name"])
        .expression(db.selectFrom("users").select([sql`id + 10`.as("id"), "name"]))
        .execute().then(done),
  },
  {
    name: "from a filtered table, aliased, by callback",
    run: ({ db }) =>
      db.insertInto("tags").columns(["id", "name"])
        .expression((eb) => eb.selectFrom("users as u").select([sql`u.id + 10`.as("id"), "u.name"]))
        .execute().then(done),
  },
  {
    name: "from a left join",
    run: ({ db }) =>
      db.insertInto("tags").columns(["id", "name"])
        .expression(
          db.selectFrom("tags as t").leftJoin("users as u", "u.id", "t.user_id")
            .select([sql`t.id + 10`.as("id"), "u.name"]),
        ).execute().then(done),
  },
  {
    name: "from a union",
    run: ({ db }) =>
      db.insertInto("tags").columns(["id", "name"])
        .expression(
          db.selectFrom("users").select([sql`id + 10`.as("id"), "name"])
            .unionAll(db.selectFrom("blog_posts").select([sql`id + 20`.as("id"), "title as name"])),
        ).execute().then(done),
  },
  {
    name: "from a query with its own WITH",
    run: ({ db }) =>
      db.insertInto("tags").columns(["id", "name"])
        .expression(
          db.with("x", (q) => q.selectFrom("users").selectAll())
            .selectFrom("x").select([sql`x.id + 10`.as("id"), "x.name"]),
        ).execute().then(done),
  },
  {
    name: "a filtered table into itself",
    run: ({ db }) =>
      db.insertInto("users").columns(["id", "name", "email"])
        .expression(
          db.selectFrom("users").select([
            sql`id + 10`.as("id"),
            "name",
            sql`null`.as("email"),
          ]),
        ).execute().then(done),
  },
  {
    name: "subquery among the values",
    run: ({ db }) =>
      db.insertInto("tags").values([
        { id: 11, name: db.selectFrom("users").select((eb) => eb.fn.max("name").as("n")) },
        { id: 12, name: "plain" },
      ]).execute().then(done),
  },
]);

/** An upsert that meets a visible row (1) and hidden ones (4, 5): only the visible one is hit. */
function upsert(
  name: string,
  run: (db: Kysely<any>) => any,
  more: Partial<BypassCase> & { readonly hit?: boolean } = {},
): BypassCase {
  const { hit = true, ...rest } = more;
  return {
    name,
    writes: true,
    lacks: NO_ON_CONFLICT,
    run: ({ db }) => run(db).execute().then(done),
    truth: async ({ db }) => {
      if (hit) await db.updateTable("users").set({ name: "hit" }).where("id", "=", 1).execute();
      return "done";
    },
    ...rest,
  };
}

const rows = [{ id: 1, name: "x" }, { id: 4, name: "x" }, { id: 5, name: "x" }];

export const conflicts: readonly BypassCase[] = [
  upsert("do update", (db) =>
    db.insertInto("users").values(rows)
      .onConflict((oc) => oc.column("id").doUpdateSet({ name: "hit" }))),
  upsert("do update, a condition of its own", (db) =>
    db.insertInto("users").values(rows)
      .onConflict((oc) =>
        oc.column("id").doUpdateSet({ name: "hit" }).where("users.score", ">", 0)
      )),
  upsert(
    "do update, what it would have inserted",
    (db) =>
      db.insertInto("users").values(rows.map((row) => ({ ...row, name: "hit" })))
        .onConflict((oc) =>
          oc.column("id").doUpdateSet((eb) => ({ name: eb.ref("excluded.name") }))
        ),
  ),
  upsert(
    "do update, target qualified with the schema",
    (db) => db,
    {
      run: ({ db, schema }) =>
        db.insertInto(`${schema}.users`).values(rows)
          .onConflict((oc) => oc.column("id").doUpdateSet({ name: "hit" }))
          .execute().then(done),
    },
  ),
  upsert(
    "do update, by another unique column",
    (db) =>
      db.insertInto("users").values([{ id: 40, email: "dan@x" }, { id: 10, email: "ann@x" }])
        .onConflict((oc) => oc.column("email").doUpdateSet({ name: "hit" })),
    // Nobody has been granted a new row: an upsert checks that it may be read.
    { subjects: [...READING_ONLY, "policies"] },
  ),
  upsert("do update, rows from a SELECT", (db) =>
    db.insertInto("users").columns(["id", "name"])
      .expression(db.selectFrom("tags").select(["id", "name"]).where("id", "in", [1, 4]))
      .onConflict((oc) => oc.column("id").doUpdateSet({ name: "hit" }))),
  upsert(
    "do update, columns of a filter among them",
    (db) =>
      db.insertInto("users").values(rows.map((row) => ({ ...row, tenant_id: 1, deleted_at: null })))
        .onConflict((oc) =>
          oc.column("id").doUpdateSet({ name: "hit", tenant_id: 1, deleted_at: null })
        ),
  ),
  upsert("do update, subquery in set", (db) =>
    db.insertInto("users").values(rows)
      .onConflict((oc) =>
        oc.column("id").doUpdateSet((eb) => ({
          name: eb.case().when(
            eb.selectFrom("users as u").select((e) => e.fn.countAll().as("n")),
            "=",
            3,
          ).then("hit").else("all were counted").end(),
        }))
      )),
  upsert(
    "do nothing",
    (db) =>
      db.insertInto("users").values(rows.slice(1)).onConflict((oc) => oc.column("id").doNothing()),
    {
      hit: false,
      harmless: true,
      must: ["ok"],
    },
  ),
  {
    name: "do update, returning: a hidden row is not told of",
    writes: true,
    lacks: NO_ON_CONFLICT,
    run: ({ db }) =>
      db.insertInto("users").values(rows)
        .onConflict((oc) => oc.column("id").doUpdateSet({ score: 0 }))
        .returning(["id", "name"]).execute(),
    truth: ({ db }) =>
      db.updateTable("users").set({ score: 0 }).where("id", "=", 1).returning(["id", "name"])
        .execute(),
  },
  {
    name: "do nothing, returning: a hidden row is not told of",
    writes: true,
    harmless: true,
    must: ["ok"],
    lacks: NO_ON_CONFLICT,
    run: ({ db }) =>
      db.insertInto("users").values(rows).onConflict((oc) => oc.column("id").doNothing())
        .returningAll().execute(),
    truth: () => Promise.resolve([]),
  },
];

export const overwriting: readonly BypassCase[] = withDefaults({
  writes: true,
  truth: () => Promise.resolve("done"),
}, [
  {
    name: "on duplicate key update",
    lacks: onlyMysql("ON DUPLICATE KEY UPDATE is MySQL's"),
    run: ({ db }) =>
      db.insertInto("users").values(rows).onDuplicateKeyUpdate({ name: "hit" }).execute().then(
        done,
      ),
  },
  {
    name: "on duplicate key update, rows from a SELECT",
    lacks: onlyMysql("ON DUPLICATE KEY UPDATE is MySQL's"),
    run: ({ db }) =>
      db.insertInto("users").columns(["id", "name"])
        .expression(db.selectFrom("tags").select(["id", "name"]))
        .onDuplicateKeyUpdate({ name: "hit" }).execute().then(done),
  },
  {
    name: "on duplicate key update, schema-qualified",
    lacks: onlyMysql("ON DUPLICATE KEY UPDATE is MySQL's"),
    run: ({ db, schema }) =>
      db.insertInto(`${schema}.users`).values(rows).onDuplicateKeyUpdate({ name: "hit" }).execute()
        .then(done),
  },
  {
    name: "on duplicate key update, in modifyEnd()",
    lacks: onlyMysql("ON DUPLICATE KEY UPDATE is MySQL's"),
    run: ({ db }) =>
      db.insertInto("users").values(rows).modifyEnd(sql`on duplicate key update name = 'hit'`)
        .execute().then(done),
  },
  {
    name: "on duplicate key update, at the end of a SELECT's raw order",
    lacks: onlyMysql("ON DUPLICATE KEY UPDATE is MySQL's"),
    raw: true,
    run: ({ db }) =>
      db.insertInto("users").columns(["id", "name"])
        .expression(
          db.selectFrom("tags").select(["id", "name"])
            .orderBy(sql`1 on duplicate key update name = 'hit'`),
        ).execute().then(done),
  },
  {
    name: "replace into",
    lacks: { pglite: "no REPLACE", postgres: "no REPLACE" },
    run: ({ db }) => db.replaceInto("users").values(rows).execute().then(done),
  },
  {
    name: "replace into, schema-qualified",
    lacks: { pglite: "no REPLACE", postgres: "no REPLACE" },
    run: ({ db, schema }) => db.replaceInto(`${schema}.users`).values(rows).execute().then(done),
  },
  {
    name: "replace into .. select",
    lacks: { pglite: "no REPLACE", postgres: "no REPLACE" },
    run: ({ db }) =>
      db.replaceInto("users").columns(["id", "name"])
        .expression(db.selectFrom("tags").select(["id", "name"])).execute().then(done),
  },
  {
    name: "insert or replace",
    lacks: onlySqlite("INSERT OR REPLACE is SQLite's"),
    run: ({ db }) => db.insertInto("users").orReplace().values(rows).execute().then(done),
  },
  {
    name: "insert or replace, upper-case name",
    lacks: onlySqlite("INSERT OR REPLACE is SQLite's"),
    run: ({ db }) => db.insertInto("USERS").orReplace().values(rows).execute().then(done),
  },
  {
    name: "on conflict do update, in modifyEnd()",
    lacks: NO_ON_CONFLICT,
    run: ({ db }) =>
      db.insertInto("users").values(rows)
        .modifyEnd(sql`on conflict (id) do update set name = 'hit'`).execute().then(done),
  },
]);

/** What overwrites nothing runs. */
export const ignoring: readonly BypassCase[] = withDefaults({
  writes: true,
  harmless: true,
  must: ["ok"],
  truth: () => Promise.resolve("done"),
}, [
  {
    name: "insert or ignore",
    lacks: onlySqlite("INSERT OR IGNORE is SQLite's"),
    run: ({ db }) => db.insertInto("users").orIgnore().values(rows).execute().then(done),
  },
  {
    name: "insert ignore",
    lacks: onlyMysql("INSERT IGNORE is MySQL's"),
    run: ({ db }) => db.insertInto("users").ignore().values(rows).execute().then(done),
  },
  {
    name: "replace into a table that is not filtered",
    lacks: { pglite: "no REPLACE", postgres: "no REPLACE" },
    run: ({ db }) => db.replaceInto("tags").values({ id: 1, name: "red" }).execute().then(done),
    truth: async ({ db }) => {
      await db.deleteFrom("tags").where("id", "=", 1).execute();
      await db.insertInto("tags").values({ id: 1, name: "red" }).execute();
      return "done";
    },
  },
]);
