/** Row 33: raw SQL that names no table. */
import { expressionBuilder, type Kysely, sql } from "kysely";
import type { BypassCase, Lacks, Probe } from "../case.ts";
import { onlyPostgres } from "../lacks.ts";

const eb = expressionBuilder<any, any>();

/** Raw text that names no table, on a query of a filtered one. */
function passes(
  name: string,
  run: (db: Kysely<any>, probe: Probe) => Promise<unknown>,
  lacks?: Lacks,
): BypassCase {
  return { name, ...(lacks === undefined ? {} : { lacks }), run: (probe) => run(probe.db, probe) };
}

/** A raw expression in the select list. */
function selects(name: string, text: string, lacks?: Lacks): BypassCase {
  return passes(
    name,
    (db) => db.selectFrom("users").select(["name", sql.raw(text).as("x")]).execute(),
    lacks,
  );
}

export const namesNone: readonly BypassCase[] = [
  selects("a function of a column", "upper(name)"),
  selects("a quoted column", `"name"`, { mysql: "double quotes are strings" }),
  selects("a column in backticks", "`name`", { pglite: "no backticks", postgres: "no backticks" }),
  selects("a qualified column", "users.name"),
  selects("a string that reads like SQL", "'select * from users'"),
  selects("a string with an apostrophe", "'it''s from users'"),
  selects("CASE", "case when score > 15 then 'high' else 'low' end"),
  selects("CAST", "cast(score as char(9))"),
  selects("numbers", "1.5e3 + .5 - 1.0 * score / 2"),
  selects("TRIM .. FROM", "trim(both 'a' from name)", { sqlite: "no TRIM .. FROM" }),
  selects("SUBSTRING .. FROM", "substring(name from 1 for 2)", { sqlite: "no SUBSTRING .. FROM" }),
  selects("EXTRACT .. FROM", "extract(year from date '2024-01-01')", {
    sqlite: "no EXTRACT",
    mysql: "DATE '..' and EXTRACT are there, but tested on PostgreSQL",
  }),
  selects("IS DISTINCT FROM", "boss_id is distinct from 1", { mysql: "no IS DISTINCT FROM" }),
  selects("IS NOT DISTINCT FROM", "boss_id is not distinct from null", {
    mysql: "no IS DISTINCT FROM",
  }),
  selects("an array", "array[name, email]", onlyPostgres("arrays are PostgreSQL's")),
  selects("a subscript", "(array[name, email])[1]", onlyPostgres("arrays are PostgreSQL's")),
  selects("a cast with colons", "score::text", onlyPostgres("PostgreSQL's cast")),
  selects("a window", "row_number() over (partition by boss_id order by score)"),
  passes(
    "an aggregate with FILTER",
    (db) =>
      db.selectFrom("users").select(sql`count(*) filter (where score > 15)`.as("n")).execute(),
    {
      mysql: "no FILTER clause",
    },
  ),
  passes("columns by sql.ref", (db) =>
    db.selectFrom("users")
      .select(sql`coalesce(${sql.ref("users.boss_id")}, ${0})`.as("x")).execute()),
  passes("columns by sql.id and sql.join", (db) =>
    db.selectFrom("users")
      .select(sql`coalesce(${sql.join([sql.id("boss_id"), sql.lit(0)])})`.as("x")).execute()),
  passes(
    "a value",
    (db) => db.selectFrom("users").select("name").where(sql<boolean>`score > ${15}`).execute(),
  ),
  passes("a list of values", (db) =>
    db.selectFrom("users").select("name")
      .where(sql<boolean>`id in (${sql.join([1, 2, 4])})`).execute()),
  passes(
    "a value that reads like SQL",
    (db) => db.selectFrom("users").select(["name", sql`${"; drop table users"}`.as("x")]).execute(),
    {
      pglite: "a parameter without a type",
    },
  ),
  passes("a subquery of the builder in it", (db) =>
    db.selectFrom("tags").select("id").where(
      sql<boolean>`user_id in ${db.selectFrom("users").select("id")}`,
    ).execute()),
  passes("EXISTS of a subquery of the builder", (db) =>
    db.selectFrom("tags").select("id").where(
      sql<boolean>`exists ${
        eb.selectFrom("users").select("users.id").whereRef("users.id", "=", "tags.user_id")
      }`,
    ).execute()),
  passes(
    "order by, with a direction",
    (db) => db.selectFrom("users").select("name").orderBy(sql`score desc, name asc`).execute(),
  ),
  passes(
    "group by",
    (db) =>
      db.selectFrom("users").select(sql`score % 2`.as("x")).groupBy(sql`score % 2, tenant_id`)
        .execute(),
  ),
  passes(
    "compared",
    (db) =>
      db.selectFrom("users").select("name").where("score", ">=", sql<number>`10 + 10`).execute(),
  ),
  passes(
    "ON",
    (db) =>
      db.selectFrom("tags").innerJoin(
        "users",
        (join) => join.on(sql<boolean>`users.id = tags.user_id`),
      )
        .select("users.name").execute(),
  ),
  passes("a function that gives rows", (db, { dialect }) =>
    db.selectFrom("users")
      .innerJoin(
        dialect === "postgres"
          ? sql<any>`generate_series(1, 2)`.as(sql`g(n)`)
          : sql<any>`json_each('[1,2]')`.as("g"),
        (join) => join.onTrue(),
      )
      .select("name").execute(), { mysql: "no function of the kind in MariaDB but JSON_TABLE" }),
  passes("a function that gives rows, by eb.fn", (db, { dialect }) =>
    db.selectFrom([
      "users",
      (e: any) =>
        dialect === "postgres"
          ? e.fn("generate_series", [sql`1`, sql`2`]).as("g")
          : e.fn("json_each", [sql`'[1,2]'`]).as("g"),
    ] as any).select("name" as any).execute(), {
    mysql: "no function of the kind in MariaDB but JSON_TABLE",
  }),
  passes(
    "for update in modifyEnd()",
    (db) => db.selectFrom("users").select("name").modifyEnd(sql`for update`).execute(),
    {
      sqlite: "no row locks",
    },
  ),
  passes(
    "for no key update in modifyEnd()",
    (db) => db.selectFrom("users").select("name").modifyEnd(sql`for no key update`).execute(),
    {
      ...onlyPostgres("PostgreSQL's"),
    },
  ),
  passes(
    "a hint in modifyFront()",
    (db) => db.selectFrom("users").modifyFront(sql`all`).select("name").execute(),
  ),
  passes("the tables of the database, by introspection", async (db) => {
    const tables = await db.introspection.getTables();
    return [
      // On a server, other tests have tables of that name in schemas of their own.
      ...tables.some(({ name }) => name === "users") ? [{ name: "users" }] : [],
      ...await db.selectFrom("users").select("name").execute(),
    ];
  }),
  passes("DDL: defaults, checks, an index", async (db, { bare, dialect }) => {
    try {
      await db.schema.createTable("scratch")
        .addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("n", sql`integer`, (c) => c.defaultTo(sql`(1 + 1)`))
        .addCheckConstraint("n_is_small", sql`n < 100`)
        .execute();
      await db.schema.createIndex("scratch_n").on("scratch").column("n").execute();
      if (dialect === "postgres") {
        await db.schema.createIndex("scratch_upper").on("scratch").expression(sql`abs(n)`)
          .where(sql.ref("n"), ">", 5).execute();
      }
      return await db.selectFrom("users").select("name").execute();
    } finally {
      await bare.schema.dropTable("scratch").ifExists().execute();
    }
  }),
];
