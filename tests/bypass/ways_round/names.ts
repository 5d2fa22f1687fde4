/** Row 34: tables by `sql.table`, `sql.ref` and `sql.id`. */
import { expressionBuilder, sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";
import { withDefaults } from "../defaults.ts";
import { NO_MERGE, onlyPostgres, onlySqlite } from "../lacks.ts";

const eb = expressionBuilder<any, any>();
const NAME = sql.ref("u.name").as("name");
const TWO_TABLES: any = eb(eb.table("tags") as any, sql`,` as any, eb.table("users") as any);
const ALIASED: any = eb(eb.table("users") as any, sql`as` as any, sql.id("u") as any);

/** How a table may be given where the builder takes an expression. */
const NAMES: Record<string, (t: Probe) => any> = {
  "sql.table": () => sql.table("users"),
  "sql.table with the schema": ({ schema }) => sql.table(`${schema}.users`),
  "sql.id": () => sql.id("users"),
  "sql.id with the schema": ({ schema }) => sql.id(schema, "users"),
  "sql.ref": () => sql.ref("users"),
  "sql.ref with the schema": ({ schema }) => sql.ref(`${schema}.users`),
  "sql.table in a template of its own": () => sql`${sql.table("users")}`,
  "a template of schema and name": ({ schema }) => sql`${sql.id(schema)}.${sql.id("users")}`,
  "a template in a template": () => sql`${sql`${sql.id("users")}`}`,
};

const inBuiltQuery: readonly BypassCase[] = Object.entries(NAMES).flatMap(
  ([name, table]): BypassCase[] => [
    {
      name: `${name}, in FROM`,
      must: ["F", "R"],
      run: (t) => t.db.selectFrom(table(t).as("u")).select("u.name").execute(),
    },
    {
      name: `${name}, in FROM without an alias`,
      must: ["F", "R"],
      run: (t) => t.db.selectFrom(table(t)).select("name").execute(),
    },
    {
      name: `${name}, joined`,
      must: ["F", "R"],
      run: (t) =>
        t.db.selectFrom("tags").leftJoin(table(t).as("u"), "u.id" as any, "tags.user_id")
          .select(["tags.id", sql.ref("u.name").as("name")]).execute(),
    },
  ],
);

const targets: readonly BypassCase[] = [
  {
    name: "sql.table, target of an update",
    must: ["F", "R"],
    writes: true,
    run: ({ db }) => db.updateTable(sql.table("users") as any).set({ name: "x" }).execute(),
  },
  {
    name: "sql.id, target of a delete",
    must: ["F", "R"],
    writes: true,
    run: ({ db }) => db.deleteFrom(sql.id("users") as any).execute(),
  },
  {
    name: "sql.table, joined on the right",
    must: ["F", "R"],
    run: ({ db }) =>
      db.selectFrom("tags").rightJoin(sql.table("users").as("u") as any, "u.id", "tags.user_id")
        .select(["tags.id", "u.name"] as any).execute(),
  },
  {
    name: "sql.table, under the name of a CTE",
    harmless: true,
    must: ["ok", "R"],
    run: ({ db }) =>
      db.with("users", (q) => q.selectFrom("tags").select(["id", "name"]))
        .selectFrom(sql.table("users").as("u") as any).select("u.name" as any).execute(),
  },
];

const NOT_POSTGRES = {
  pglite: "no parentheses round a table",
  postgres: "no parentheses round a table",
};

/** Expressions that are not names, in the places of a table: what they hold is one all the same. */
const inExpressions: readonly BypassCase[] = withDefaults({ must: ["F", "R"] }, [
  {
    name: "eb.table",
    must: ["F"],
    run: ({ db }) =>
      db.selectFrom((e) => e.table("users" as never).as("u") as any).select(NAME).execute(),
  },
  {
    name: "two tables and a raw comma between them",
    run: ({ db }) => db.selectFrom(TWO_TABLES.as("u") as any).select(NAME).execute(),
  },
  {
    name: "two tables and a raw comma between them, joined",
    run: ({ db }) =>
      db.selectFrom("blog_posts").crossJoin(TWO_TABLES.as("u") as any).select(NAME).execute(),
  },
  {
    name: "a table and its alias as operands",
    run: ({ db }) => db.selectFrom(ALIASED as any).select(NAME).execute(),
  },
  {
    name: "a table and its alias as operands, target of an update",
    writes: true,
    run: ({ db }) => db.updateTable(ALIASED as any).set({ name: "x" }).execute(),
  },
  {
    name: "a table and its alias as operands, target of a delete",
    lacks: { mysql: "MariaDB's DELETE has an alias in the multi-table form only" },
    writes: true,
    run: ({ db }) => db.deleteFrom(ALIASED as any).execute(),
  },
  {
    name: "a table and its alias as operands, what an update reads",
    lacks: { mysql: "no UPDATE .. FROM" },
    writes: true,
    run: ({ db }) =>
      db.updateTable("tags").from(ALIASED as any).set({ name: sql.ref("u.name") })
        .whereRef("tags.user_id", "=", "u.id").execute(),
  },
  {
    name: "a table and its alias as operands, what a delete uses",
    lacks: onlyPostgres("USING is PostgreSQL's, and another clause of MySQL's"),
    writes: true,
    run: ({ db }) =>
      db.deleteFrom("tags").using(ALIASED as any).whereRef("tags.user_id", "=", "u.id").execute(),
  },
  {
    name: "a table and its alias as operands, what a merge uses",
    lacks: NO_MERGE,
    writes: true,
    run: ({ db }) =>
      db.mergeInto("tags").using(
        ALIASED as any,
        (join: any) => join.onRef("u.id", "=", "tags.user_id"),
      )
        .whenMatched().thenUpdateSet({ name: sql.ref("u.name") }).execute(),
  },
  {
    name: "a string",
    lacks: onlySqlite("a string is a table's name in SQLite"),
    run: ({ db }) => db.selectFrom(sql.lit("users").as("u") as any).select(NAME).execute(),
  },
  {
    name: "a table and its alias as operands, in a template of its own",
    run: ({ db }) => db.selectFrom(sql`${ALIASED}` as any).select(NAME).execute(),
  },
  {
    name: "a table in parentheses, in a template of its own",
    lacks: NOT_POSTGRES,
    run: ({ db }) =>
      db.selectFrom(sql`${eb.parens(eb.table("users") as any)}` as any).select("name" as any)
        .execute(),
  },
  {
    name: "a table in parentheses",
    lacks: NOT_POSTGRES,
    run: ({ db }) =>
      db.selectFrom(eb.parens(eb.table("users") as any) as any).select("name" as any).execute(),
  },
  {
    name: "a table in parentheses, aliased",
    lacks: onlySqlite("no alias for parentheses"),
    run: ({ db }) =>
      db.selectFrom(eb.parens(eb.table("users") as any).as("u") as any).select(NAME).execute(),
  },
  {
    name: "sql.table in parentheses",
    lacks: NOT_POSTGRES,
    run: ({ db }) =>
      db.selectFrom(eb.parens(sql.table("users") as any) as any).select("name" as any).execute(),
  },
  {
    name: "a tuple of tables",
    lacks: NOT_POSTGRES,
    run: ({ db }) =>
      db.selectFrom(eb.tuple(eb.table("tags") as any, eb.table("users") as any) as any)
        .select(sql.ref("users.name").as("name")).execute(),
  },
  {
    name: "after IN, as an operand of another comparison",
    lacks: onlySqlite("a table after IN is SQLite's"),
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where(
        eb(
          sql`('secret', 4, 2, '2024-01-01')`,
          "in",
          eb(eb.table("docs") as any, "is", sql`true`) as any,
        ) as any,
      ).execute(),
  },
]);

const inRaw: readonly BypassCase[] = [
  {
    name: "sql.table inside a raw condition",
    raw: true,
    deny: ["R"],
    run: ({ db }) =>
      db.selectFrom("tags").select("id")
        .where(sql<boolean>`exists (select 1 from ${sql.table("users")} where id = 4)`).execute(),
  },
  {
    name: "sql.id inside a raw FROM",
    raw: true,
    deny: ["R"],
    run: ({ db }) =>
      db.selectFrom(sql<any>`(select * from ${sql.id("users")})`.as("u")).select("u.name")
        .execute(),
  },
  {
    name: "sql.ref inside a raw list in FROM",
    raw: true,
    deny: ["R"],
    run: ({ db }) =>
      db.selectFrom(sql<any>`${sql.table("tags")} as t, ${sql.ref("users")} as u` as any)
        .select("u.name" as any).execute(),
  },
];

export const names: readonly BypassCase[] = [
  ...inBuiltQuery,
  ...targets,
  ...inExpressions,
  ...inRaw,
];
