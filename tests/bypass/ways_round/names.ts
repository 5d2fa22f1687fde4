/** Row 34: tables by `sql.table`, `sql.ref` and `sql.id`. */
import { sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";

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

export const names: readonly BypassCase[] = [...inBuiltQuery, ...targets, ...inRaw];
