/** Rows 22, 23 and 31: DELETE and TRUNCATE. */
import type { Plugin } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { sql } from "kysely";
import { withDefaults } from "../defaults.ts";
import type { BypassCase, Probe } from "../case.ts";
import { NO_RETURNING, NO_TRUNCATE, NO_USING, onlyMysql, onlyPostgres } from "../lacks.ts";

const onlyMysqlJoin = onlyMysql("DELETE by a join is MySQL's");

export const deletes: readonly BypassCase[] = withDefaults({ writes: true }, [
  {
    name: "plain",
    run: ({ db }) => db.deleteFrom("users").execute(),
  },
  {
    name: "by the key of a hidden row",
    run: ({ db }) => db.deleteFrom("users").where("id", "in", [4, 5]).execute(),
  },
  {
    name: "aliased",
    lacks: { mysql: "MariaDB's DELETE has an alias in the multi-table form only" },
    run: ({ db }) => db.deleteFrom("users as u").where("u.score", ">", 15).execute(),
  },
  {
    name: "schema-qualified",
    run: ({ db, schema }) => db.deleteFrom(`${schema}.users`).execute(),
  },
  {
    name: "withSchema()",
    run: ({ db, schema }) => db.withSchema(schema).deleteFrom("users").execute(),
  },
  {
    name: "OR in where",
    run: ({ db }) =>
      db.deleteFrom("users").where((eb) => eb.or([eb("id", "<", 3), eb("id", ">", 2)])).execute(),
  },
  {
    name: "subquery in where",
    run: ({ db }) =>
      db.deleteFrom("tags").where(
        "user_id",
        "in",
        (eb: any) => eb.selectFrom("users").select("users.id"),
      )
        .execute(),
  },
  {
    name: "using",
    lacks: NO_USING,
    run: ({ db, dialect }) =>
      db.deleteFrom("tags").using(dialect === "mysql" ? ["tags", "users"] : ["users"])
        .whereRef("users.id", "=", "tags.user_id").execute(),
  },
  {
    name: "using, target filtered, aliased",
    lacks: NO_USING,
    run: ({ db, dialect }) =>
      dialect === "mysql"
        ? db.deleteFrom("u").using(["users as u", "blog_posts as p"])
          .whereRef("p.user_id", "=", "u.id").execute()
        : db.deleteFrom("users as u").using("blog_posts as p")
          .whereRef("p.user_id", "=", "u.id").execute(),
  },
  {
    name: "using an alias that is another filtered table's name",
    lacks: onlyMysqlJoin,
    run: ({ db }) =>
      db.deleteFrom("blog_posts").using("users as blog_posts").where("blog_posts.id", ">", 0)
        .execute(),
  },
  {
    name: "using a table that is not filtered under a filtered table's name",
    lacks: onlyMysqlJoin,
    run: ({ db }) =>
      db.deleteFrom("users").using("tags as users")
        .innerJoin("users as u", "u.id", "users.user_id").execute(),
  },
  {
    name: "using and an inner join",
    lacks: onlyMysqlJoin,
    run: ({ db }) =>
      db.deleteFrom("tags").using("tags").innerJoin("users", "users.id", "tags.user_id").execute(),
  },
  {
    name: "using and a left join, the joined table",
    lacks: onlyMysqlJoin,
    run: ({ db }) =>
      db.deleteFrom("users").using("tags").leftJoin("users", "users.id", "tags.user_id").execute(),
  },
  {
    name: "using and a left join that finds nothing",
    lacks: onlyMysqlJoin,
    run: ({ db }) =>
      db.deleteFrom("tags").using("tags").leftJoin("users", "users.id", "tags.user_id")
        .where("users.id", "is", null).execute(),
  },
  {
    name: "using and a right join",
    lacks: onlyMysqlJoin,
    must: ["F", "R"],
    run: ({ db }) =>
      db.deleteFrom("tags").using("users").rightJoin("tags", "tags.user_id", "users.id")
        .where("users.id", "is", null).execute(),
  },
  {
    name: "several tables",
    lacks: onlyMysql("DELETE from several tables is MySQL's"),
    run: ({ db }) =>
      db.deleteFrom(["tags", "users"]).using(["tags", "users"])
        .whereRef("users.id", "=", "tags.user_id").execute(),
  },
  {
    name: "several filtered tables by aliases and a join",
    lacks: onlyMysql("DELETE from several tables is MySQL's"),
    run: ({ db }) =>
      db.deleteFrom(["u", "p"]).using("users as u")
        .innerJoin("blog_posts as p", "p.user_id", "u.id").execute(),
  },
  {
    name: "using with a join of its own",
    lacks: onlyPostgres("USING with joins is PostgreSQL's"),
    run: ({ db }) =>
      db.deleteFrom("tags").using("users")
        .leftJoin("blog_posts as p", "p.user_id", "users.id")
        .whereRef("users.id", "=", "tags.user_id")
        .where((eb) => eb.or([eb("p.id", "is", null), eb("p.likes", ">", 50)])).execute(),
  },
  {
    name: "using with a full join",
    lacks: onlyPostgres("USING with joins is PostgreSQL's"),
    run: ({ db }) =>
      db.deleteFrom("tags").using("users")
        .fullJoin("blog_posts as p", "p.user_id", "users.id")
        .whereRef("p.id", "=", "tags.id").execute(),
  },
  {
    name: "limit, ordered",
    lacks: onlyMysql("LIMIT of a DELETE is MySQL's"),
    run: ({ db }) => db.deleteFrom("users").orderBy("score").limit(1).execute(),
  },
  {
    name: "returning",
    lacks: NO_RETURNING,
    run: ({ db }) => db.deleteFrom("users").returningAll().execute(),
  },
]);

/** There is no TRUNCATE in Kysely's builders. */
export const truncates: readonly BypassCase[] = [
  ...([
    ["plain", () => sql`truncate table users`],
    ["without TABLE", () => sql`truncate users`],
    ["quoted by sql.table", () => sql`truncate table ${sql.table("users")}`],
    ["quoted by sql.id", () => sql`truncate table ${sql.id("users")}`],
    ["with the schema", ({ schema }) => sql`truncate table ${sql.id(schema, "users")}`],
    ["upper-case words", () => sql`TRUNCATE TABLE users`],
    ["behind a comment", () => sql`/* tidy up */ truncate table users`],
    ["behind a comment to the end of the line", () => sql`-- tidy up\ntruncate table users`],
    ["comment between the words", () => sql`truncate /* the */ table users`],
    ["by sql.raw", () => sql.raw("truncate table users")],
    ["in pieces", () => sql`${sql.raw("truncate table")} users`],
    ["a word in two halves", () => sql`${sql.raw("trun")}${sql.raw("cate table")} users`],
  ] as [string, (t: Probe) => ReturnType<typeof sql>][]).map(
    ([name, statement]): BypassCase => ({
      name,
      lacks: NO_TRUNCATE,
      writes: true,
      run: (t) => statement(t).execute(t.db).then(() => "done"),
      truth: () => Promise.resolve("done"),
    }),
  ),
  ...([
    ["several tables", () => sql`truncate table tags, users`],
    ["ONLY", () => sql`truncate only users`],
    ["name in another letter case", () => sql`truncate table USERS`],
    ["cascade", () => sql`truncate users restart identity cascade`],
    ["quoted", () => sql`truncate table "users"`],
    ["behind a comment in a comment", () => sql`/* /* tidy */ up */ truncate table users`],
  ] as [string, (t: Probe) => ReturnType<typeof sql>][]).map(
    ([name, statement]): BypassCase => ({
      name,
      lacks: onlyPostgres("PostgreSQL's TRUNCATE"),
      writes: true,
      run: (t) => statement(t).execute(t.db).then(() => "done"),
      truth: () => Promise.resolve("done"),
    }),
  ),
  ...([
    ["behind a comment that MySQL alone has", () => sql`# tidy up\ntruncate table users`],
    ["in a comment that MySQL runs", () => sql`/*! truncate table users */`],
  ] as [string, () => ReturnType<typeof sql>][]).map(([name, statement]): BypassCase => ({
    name,
    lacks: onlyMysql("MySQL's comments"),
    writes: true,
    run: ({ db }) => statement().execute(db).then(() => "done"),
    truth: () => Promise.resolve("done"),
  })),
  {
    name: "behind another statement",
    lacks: { ...onlyPostgres("the driver runs one statement"), pglite: "one statement at a time" },
    writes: true,
    run: ({ db }) => sql`select 1; truncate table users`.execute(db).then(() => "done"),
    truth: () => Promise.resolve("done"),
  },
];

const MARK = "2030-01-01";

/** Makes a DELETE of the filtered tables an UPDATE. */
const softly: Plugin = {
  name: "softly",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "users" || name === "blog_posts",
  rewriteDelete: () => ({ set: { deleted_at: MARK } }),
};

/** A DELETE with a plugin that makes it an UPDATE, and the UPDATE that it must become. */
function soft(
  name: string,
  run: (db: Probe["db"], probe: Probe) => Promise<unknown>,
  marked: readonly number[],
  more: Partial<BypassCase> = {},
): BypassCase {
  return {
    name,
    writes: true,
    must: ["F", "R"],
    run: async (t) => {
      await run(await t.make(t.bare, [...t.plugins(), softly]), t);
      return "done";
    },
    truth: async ({ db }) => {
      if (marked.length > 0) {
        await db.updateTable("users").set({ deleted_at: MARK }).where("id", "in", marked).execute();
      }
      return "done";
    },
    ...more,
  };
}

export const softDeletes: readonly BypassCase[] = [
  soft("delete from one table", (db) => db.deleteFrom("users").execute(), [1, 2, 3], {
    must: ["F"],
  }),
  soft(
    "delete by where",
    (db) => db.deleteFrom("users").where("score", ">", 15).execute(),
    [2, 3],
    { must: ["F"] },
  ),
  soft(
    "aliased",
    (db) => db.deleteFrom("users as u").where("u.id", "=", 2).execute(),
    [2],
    { lacks: { mysql: "MariaDB's DELETE has an alias in the multi-table form only" } },
  ),
  soft(
    "using a table",
    (db, { dialect }) =>
      db.deleteFrom("users").using(dialect === "mysql" ? ["users", "blog_posts"] : ["blog_posts"])
        .whereRef("blog_posts.user_id", "=", "users.id").execute(),
    [1, 2],
    { lacks: NO_USING },
  ),
  soft(
    "using a table, the other one is kept by name",
    (db) =>
      db.deleteFrom("users as u").using("tags")
        .whereRef("tags.user_id", "=", "u.id").execute(),
    [1, 2],
    { lacks: onlyPostgres("the multi-table form of MySQL names an alias") },
  ),
  soft(
    "by a join",
    (db) =>
      db.deleteFrom("users").using("users").innerJoin("tags", "tags.user_id", "users.id")
        .execute(),
    [1, 2],
    { lacks: onlyMysqlJoin },
  ),
  soft(
    "by a join, the target an alias",
    (db) =>
      db.deleteFrom("u").using("tags").innerJoin("users as u", "u.id", "tags.user_id").execute(),
    [1, 2],
    { lacks: onlyMysqlJoin },
  ),
  soft(
    "several tables, the filtered one second",
    (db) =>
      db.deleteFrom(["tags", "users"]).using(["tags", "users"])
        .whereRef("users.id", "=", "tags.user_id").execute(),
    [],
    { lacks: onlyMysql("DELETE from several tables is MySQL's"), must: ["R"] },
  ),
  soft(
    "in a data-modifying CTE",
    (db) =>
      db.with("x", (q) => q.deleteFrom("users").returning("id")).selectFrom("x").selectAll()
        .execute(),
    [1, 2, 3],
    { lacks: onlyPostgres("no data-modifying CTE") },
  ),
  soft(
    "then delete of a merge",
    (db) =>
      db.mergeInto("users").using("tags", "tags.user_id", "users.id").whenMatched().thenDelete()
        .execute(),
    [1, 2],
    { lacks: { sqlite: "no MERGE", mysql: "no MERGE" } },
  ),
  soft(
    "compiled, then run",
    (db) => db.executeQuery(db.deleteFrom("users").where("id", "=", 2).compile()),
    [2],
    { must: ["F"] },
  ),
  soft(
    "limit, ordered",
    (db) => db.deleteFrom("users").orderBy("score").limit(1).execute(),
    [1],
    { lacks: onlyMysql("LIMIT of a DELETE is MySQL's"), must: ["F"] },
  ),
  ...(["soft", "deny"] as const).flatMap((onDelete): BypassCase[] => [
    realSoft(onDelete, "delete", (db) => db.deleteFrom("users").execute(), [1, 2, 3]),
    realSoft(
      onDelete,
      "delete by a subquery",
      (db) =>
        db.deleteFrom("users").where(
          "id",
          "in",
          (eb: any) => eb.selectFrom("tags").select("tags.user_id"),
        ).execute(),
      [1, 2],
    ),
    realSoft(
      onDelete,
      "delete using a table",
      (db, { dialect }) =>
        db.deleteFrom("users").using(dialect === "mysql" ? ["users", "tags"] : ["tags"])
          .whereRef("tags.user_id", "=", "users.id").execute(),
      [1, 2],
      { lacks: NO_USING },
    ),
  ]),
];

/** The same with the plugin's own option. */
function realSoft(
  onDelete: "soft" | "deny",
  name: string,
  run: (db: Probe["db"], probe: Probe) => Promise<unknown>,
  marked: readonly number[],
  more: Partial<BypassCase> = {},
): BypassCase {
  return soft(`softDeletePlugin({ onDelete: "${onDelete}" }): ${name}`, run, marked, {
    subjects: ["soft delete"],
    must: onDelete === "deny" ? ["R"] : more.lacks === undefined ? ["F"] : ["F", "R"],
    run: async (t) => {
      const plugin = softDeletePlugin({
        tables: ["users", "blog_posts"],
        onDelete,
        deletedValue: MARK,
      });
      await run(await t.make(t.bare, [plugin]), t);
      return "done";
    },
    ...more,
  });
}
