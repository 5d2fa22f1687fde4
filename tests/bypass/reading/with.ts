/** Rows 7 to 9: common table expressions. */
import { type Kysely, sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";
import { CASE_COUNTS, NO_WRITING_CTE, onlyPostgres } from "../lacks.ts";

/** The chain of bosses, up from everybody. */
function chain(db: Kysely<any>, name = "chain"): any {
  return db.withRecursive(`${name}(id, boss_id, depth)`, (q) =>
    q.selectFrom("users")
      .select(["id", "boss_id", sql<number>`0`.as("depth")])
      .unionAll(
        q.selectFrom("users as u")
          .innerJoin(name, `${name}.boss_id`, "u.id")
          .select(["u.id", "u.boss_id", sql<number>`depth + 1`.as("depth")])
          .where(`${name}.depth`, "<", 5),
      ));
}

export const bodies: readonly BypassCase[] = [
  {
    name: "body",
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").selectAll()).selectFrom("x").selectAll().execute(),
  },
  {
    name: "body given as a query of the handle",
    run: ({ db }) =>
      db.with("x", () => db.selectFrom("users").selectAll()).selectFrom("x").selectAll().execute(),
  },
  {
    name: "used in a subquery",
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").select("id"))
        .selectFrom("tags").select("id")
        .where("user_id", "in", (eb: any) => eb.selectFrom("x").select("x.id"))
        .execute(),
  },
  {
    name: "the second uses the first",
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").selectAll())
        .with("y", (q) =>
          q.selectFrom("x").innerJoin("users as u", "u.boss_id", "x.id").select(["x.name", "u.id"]))
        .selectFrom("y").selectAll().execute(),
  },
  {
    name: "recursive: anchor and step",
    run: ({ db }) => chain(db).selectFrom("chain").selectAll().execute(),
  },
  {
    name: "recursive, joined with the table",
    run: ({ db }) =>
      chain(db).selectFrom("chain").innerJoin("users as u", "u.id", "chain.id")
        .select(["u.name", "chain.depth"]).execute(),
  },
  {
    name: "WITH inside a derived table",
    run: ({ db }) =>
      db.selectFrom(
        db.with("x", (q) => q.selectFrom("users").selectAll()).selectFrom("x").select("x.name")
          .as("d"),
      ).selectAll().execute(),
  },
  {
    name: "WITH inside a WITH",
    run: ({ db }) =>
      db.with(
        "x",
        () => db.with("y", (q) => q.selectFrom("users").selectAll()).selectFrom("y").selectAll(),
      )
        .selectFrom("x").selectAll().execute(),
  },
  {
    name: "materialized",
    lacks: { mysql: "no MATERIALIZED" },
    run: ({ db }) =>
      db.with((cte) => cte("x").materialized(), (q) => q.selectFrom("users").selectAll())
        .selectFrom("x").selectAll().execute(),
  },
  {
    name: "before an update",
    lacks: { mysql: "MariaDB has no WITH before UPDATE" },
    writes: true,
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").select("id"))
        .updateTable("tags").set({ name: "seen" })
        .where("user_id", "in", (eb: any) => eb.selectFrom("x").select("x.id"))
        .execute(),
  },
  {
    name: "before a delete",
    lacks: { mysql: "MariaDB has no WITH before DELETE" },
    writes: true,
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").select("id"))
        .deleteFrom("tags")
        .where("user_id", "not in", (eb: any) => eb.selectFrom("x").select("x.id"))
        .execute(),
  },
  {
    name: "before an insert",
    lacks: { mysql: "MySQL has WITH behind INSERT INTO only" },
    writes: true,
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").select(["id", "name"]))
        .insertInto("tags").columns(["id", "name"])
        .expression((eb) => eb.selectFrom("x").select([sql`x.id + 10`.as("id"), "x.name"]))
        .execute().then(() => "done"),
  },
];

/** A CTE over a table that is not filtered, under the name of one that is. */
const posing = (db: Kysely<any>, name = "users"): any =>
  db.with(name, (q) => q.selectFrom("tags").select(["id", "name"]));

export const shadowing: readonly BypassCase[] = [
  {
    name: "hides the table: nothing of it is filtered",
    harmless: true,
    run: ({ db }) => posing(db).selectFrom("users").selectAll().execute(),
  },
  {
    name: "hides the table in a subquery and a join",
    harmless: true,
    run: ({ db }) =>
      posing(db).selectFrom("tags").innerJoin("users as u", "u.id", "tags.id").select("u.name")
        .where("tags.id", "in", (eb: any) => eb.selectFrom("users").select("users.id")).execute(),
  },
  {
    name: "does not hide the table that a schema is written to",
    run: ({ db, schema }) => posing(db).selectFrom(`${schema}.users`).select("name").execute(),
  },
  {
    name: "under withSchema()",
    harmless: true,
    run: ({ db, schema }) =>
      posing(db.withSchema(schema)).selectFrom("users").select("name").execute(),
  },
  {
    name: "reads the table it hides",
    lacks: { sqlite: "the name is circular" },
    run: ({ db }) =>
      db.with("users", (q) => q.selectFrom("users").selectAll()).selectFrom("users").selectAll()
        .execute(),
  },
  {
    name: "WITH RECURSIVE that only seems to read the table it hides",
    harmless: true,
    run: ({ db }) =>
      db.withRecursive("users(id)", (q) =>
        q.selectFrom("tags").select("tags.id").union(
          q.selectFrom("users").select(sql<number>`id + 1`.as("id")).where("users.id", "<", 9),
        )).selectFrom("users").selectAll().execute(),
  },
  {
    name: "hides it from the bodies after it only",
    lacks: { sqlite: "a body sees every CTE" },
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").select(["id", "name"]))
        .with("users", (q) => q.selectFrom("tags").select(["id", "name"]))
        .with("y", (q) => q.selectFrom("users").select(["id", "name"]))
        .selectFrom("x").selectAll()
        .unionAll((eb) => eb.selectFrom("y").selectAll())
        .execute(),
  },
  {
    name: "forward reference",
    harmless: true,
    lacks: {
      pglite: "a body sees the CTEs before it",
      postgres: "a body sees the CTEs before it",
      mysql: "a body sees the CTEs before it",
    },
    run: ({ db }) =>
      db.with("x", (q) => q.selectFrom("users").select(["id", "name"]))
        .with("users", (q) => q.selectFrom("tags").select(["id", "name"]))
        .selectFrom("x").selectAll().execute(),
  },
  {
    name: "forward reference under RECURSIVE",
    must: ["ok", "R"],
    harmless: true,
    lacks: { mysql: "MySQL and MariaDB differ; the executor refuses it" },
    run: ({ db }) =>
      db.withRecursive("x", (q) => q.selectFrom("users").select(["users.id", "users.name"]))
        .with("users", (q) => q.selectFrom("tags").select(["id", "name"]))
        .selectFrom("x").selectAll().execute(),
  },
  {
    name: "inside a subquery: the outer name is the table",
    run: ({ db }) =>
      db.selectFrom("users")
        .where("id", "in", posing(db).selectFrom("users").select("users.id") as any)
        .select("name").execute(),
  },
  {
    name: "inside a CTE body: the name outside is the table",
    run: ({ db }) =>
      db.with("x", () => posing(db).selectFrom("users").select("users.id") as any)
        .selectFrom("users").innerJoin("x", "x.id", "users.id").select("users.name").execute(),
  },
  {
    name: "outside: the name inside is the CTE",
    harmless: true,
    run: ({ db }) =>
      posing(db).selectFrom("tags").select("tags.id")
        .where("tags.id", "in", db.selectFrom("users").select("users.id")).execute(),
  },
  {
    name: "letter case of the name",
    harmless: true,
    lacks: CASE_COUNTS,
    run: ({ db }) => posing(db, "USERS").selectFrom("users").select("name").execute(),
  },
  {
    name: "name in another letter case is another name",
    lacks: { sqlite: "letter case does not count", mysql: "MariaDB sees none; MySQL may" },
    run: ({ db }) => posing(db, "USERS").selectFrom("users").select("name").execute(),
  },
  {
    name: "name of which the database drops the end",
    harmless: true,
    lacks: onlyPostgres("PostgreSQL cuts names"),
    run: ({ db }) => {
      const name = "c".repeat(63);
      return posing(db, `${name}_one`).selectFrom(`${name}_two`).select("name").execute();
    },
  },
  {
    name: "an update's target is the table",
    lacks: { mysql: "MariaDB has no WITH before UPDATE", ...targetIsCte() },
    writes: true,
    run: ({ db }) => posing(db).updateTable("users").set({ name: "x" }).execute(),
  },
  {
    name: "a delete's target is the table",
    lacks: { mysql: "MariaDB has no WITH before DELETE", ...targetIsCte() },
    writes: true,
    run: ({ db }) => posing(db).deleteFrom("users").execute(),
  },
  {
    name: "an upsert's target is the table",
    lacks: { mysql: "no ON CONFLICT" },
    writes: true,
    run: ({ db }) =>
      posing(db).insertInto("users").values([{ id: 4, name: "x" }, { id: 1, name: "y" }])
        .onConflict((oc: any) => oc.column("id").doUpdateSet({ name: "hit" }))
        .execute().then(() => "done"),
    truth: ({ db }) =>
      db.updateTable("users").set({ name: "hit" }).where("id", "=", 1).execute()
        .then(() => "done"),
  },
  ...capturing(),
];

function targetIsCte() {
  const reason = "a CTE cannot be written to";
  return { pglite: reason, postgres: reason };
}

/** A filter that reads table `grants` must not be made to read a CTE of that name. */
function capturing(): BypassCase[] {
  const open = (db: Kysely<any>): any =>
    db.with("grants", (q) =>
      q.selectFrom("tags").select([
        sql`id`.as("row_id"),
        sql`'users'`.as("kind"),
        sql`1`.as("tenant_id"),
      ]).unionAll(
        q.selectFrom("tags").select([
          sql`5`.as("row_id"),
          sql`'users'`.as("kind"),
          sql`1`.as("tenant_id"),
        ]),
      ));
  const shape = (
    name: string,
    run: (db: any, probe: Probe) => Promise<unknown>,
    more: Partial<BypassCase> = {},
  ): BypassCase => ({
    name: `takes the place of a table that the filter reads: ${name}`,
    must: ["R", "F"],
    run: (probe) => run(open(probe.db), probe),
    ...more,
  });
  return [
    shape("from", (db) => db.selectFrom("users").select("users.name").execute()),
    shape(
      "join",
      (db) =>
        db.selectFrom("tags").innerJoin("users", "users.id", "tags.user_id").select("users.name")
          .execute(),
    ),
    shape(
      "left join",
      (db) =>
        db.selectFrom("tags").leftJoin("users", "users.id", "tags.user_id").select("users.name")
          .execute(),
    ),
    shape(
      "right join",
      (db) =>
        db.selectFrom("tags").rightJoin("users", "users.id", "tags.user_id").select("users.name")
          .execute(),
    ),
    shape(
      "full join",
      (db) =>
        db.selectFrom("tags").fullJoin("users", "users.id", "tags.user_id").select("users.name")
          .execute(),
      { lacks: { mysql: "no FULL JOIN" } },
    ),
    shape(
      "subquery",
      (db) =>
        db.selectFrom("tags").select((eb: any) =>
          eb.selectFrom("users").select((e: any) => e.fn.max("users.score").as("m")).as("m")
        ).execute(),
    ),
    shape("update", (db) => db.updateTable("users").set({ name: "x" }).execute(), {
      writes: true,
      lacks: { mysql: "MariaDB has no WITH before UPDATE" },
    }),
    shape("delete", (db) => db.deleteFrom("users").execute(), {
      writes: true,
      lacks: { mysql: "MariaDB has no WITH before DELETE" },
    }),
    shape(
      "source of a merge",
      (db) =>
        db.mergeInto("tags").using("users", "users.id", "tags.user_id")
          .whenMatched().thenUpdateSet((eb: any) => ({ name: eb.ref("users.name") }))
          .execute(),
      {
        writes: true,
        lacks: { sqlite: "no MERGE", mysql: "no MERGE" },
      },
    ),
  ];
}

export const writingBodies: readonly BypassCase[] = [
  {
    name: "delete returning",
    lacks: NO_WRITING_CTE,
    writes: true,
    run: ({ db }) =>
      db.with("x", (q) => q.deleteFrom("users").returningAll()).selectFrom("x").select("name")
        .execute(),
  },
  {
    name: "update returning",
    lacks: NO_WRITING_CTE,
    writes: true,
    run: ({ db }) =>
      db.with("x", (q) => q.updateTable("users").set({ score: 0 }).returning(["id", "name"]))
        .selectFrom("x").selectAll().execute(),
  },
  {
    name: "insert from a filtered table, returning",
    lacks: NO_WRITING_CTE,
    writes: true,
    run: ({ db }) =>
      db.with("x", (q) =>
        q.insertInto("tags").columns(["id", "name"])
          .expression((eb) => eb.selectFrom("users").select([sql`id + 10`.as("id"), "name"]))
          .returning("name"))
        .selectFrom("x").selectAll().execute(),
  },
  {
    name: "upsert",
    lacks: NO_WRITING_CTE,
    writes: true,
    run: ({ db }) =>
      db.with("x", (q) =>
        q.insertInto("users").values([{ id: 1, name: "x" }, { id: 4, name: "x" }])
          .onConflict((oc) => oc.column("id").doUpdateSet({ name: "hit" })).returning("id"))
        .selectFrom("x").selectAll().execute(),
    truth: ({ db }) =>
      db.updateTable("users").set({ name: "hit" }).where("id", "=", 1).returning("id").execute(),
  },
  {
    name: "a delete that a filtered read beside it names",
    lacks: NO_WRITING_CTE,
    writes: true,
    run: ({ db }) =>
      db.with("gone", (q) => q.deleteFrom("blog_posts").returning(["id", "user_id"]))
        .selectFrom("users").leftJoin("gone", "gone.user_id", "users.id")
        .select(["users.name", "gone.id"]).execute(),
  },
  {
    name: "whose name is a filtered table's",
    lacks: NO_WRITING_CTE,
    writes: true,
    run: ({ db }) =>
      db.with("blog_posts", (q) => q.deleteFrom("users").returning(["id", "name"]))
        .selectFrom("blog_posts").selectAll().execute(),
  },
];
