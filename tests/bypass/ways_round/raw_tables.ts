/** Row 32: raw SQL that names a table, in the places where the builder takes an expression. */
import { expressionBuilder, sql } from "kysely";
import type { BypassCase } from "../case.ts";
import { onlyMysql, onlyPostgres, onlySqlite } from "../lacks.ts";
import { HIDDEN, reads } from "./_raw.ts";

const eb = expressionBuilder<any, any>();

export const namesTable: readonly BypassCase[] = [
  reads("root sql``", (db) => sql`select name from users`.execute(db).then(({ rows }) => rows)),
  reads(
    "root sql`` with the table by sql.table",
    (db) => sql`select name from ${sql.table("users")}`.execute(db).then(({ rows }) => rows),
  ),
  reads(
    "root sql`` that writes",
    (db) => sql`update users set name = 'x'`.execute(db).then(() => []),
    {
      writes: true,
    },
  ),
  reads("root sql`` that names no table", (db) => sql`select 1`.execute(db).then(() => "done"), {
    harmless: true,
    must: ["R", "ok"],
  }),
  reads(
    "raw alias in FROM",
    (db) => db.selectFrom(sql<any>`users`.as("u")).select("u.name").execute(),
  ),
  reads(
    "raw alias in FROM, letter case folded by the database",
    (db) => db.selectFrom(sql<any>`Users`.as("u")).select("u.name").execute(),
    { lacks: { mysql: "table names keep their letter case" } },
  ),
  reads(
    "raw table and alias in FROM",
    (db) => db.selectFrom(sql<any>`users as u` as any).select("u.name" as any).execute(),
  ),
  reads(
    "raw subquery in FROM",
    (db) => db.selectFrom(sql<any>`(select * from users)`.as("u")).select("u.name").execute(),
  ),
  reads(
    "raw list in FROM",
    (db) => db.selectFrom(sql<any>`tags as t, users as u` as any).select("u.name" as any).execute(),
  ),
  reads(
    "raw join",
    (db) =>
      db.selectFrom("tags").innerJoin(sql<any>`users`.as("u"), "u.id" as any, "tags.user_id")
        .select("u.name" as any).execute(),
  ),
  reads("a further table after a raw ON", (db) =>
    db.selectFrom("tags")
      .innerJoin("tags as t", (join) => join.on(sql<boolean>`t.id = tags.id, users`))
      .select(sql.ref("users.name").as("name")).execute()),
  reads("a further join after a raw ON", (db) =>
    db.selectFrom("tags")
      .innerJoin("tags as t", (join) => join.on(sql<boolean>`t.id = tags.id cross join users`))
      .select(sql.ref("users.name").as("name")).execute()),
  reads(
    "a further table in the alias of a scalar",
    (db) =>
      db.selectFrom((e) =>
        e.selectFrom("tags").select("id").where("id", "=", 1).$asScalar().as(sql`t, users` as any)
      ).select("users.name" as any).execute(),
    { must: ["R"] },
  ),
  reads(
    "a further table in the alias of a function",
    (db) =>
      db.selectFrom((e) => e.fn("generate_series", [sql`1`, sql`1`]).as(sql`t, users` as any))
        .select("users.name" as any).execute(),
    {
      lacks: onlyPostgres("functions in FROM are PostgreSQL's and SQLite's"),
    },
  ),
  reads(
    "a further table in the alias of a joined scalar",
    (db) =>
      db.selectFrom("tags").crossJoin((e: any) =>
        e.selectFrom("tags").select("id").where("id", "=", 1).$asScalar().as(sql`t, users`)
      ).select("users.name" as any).execute(),
  ),
  reads(
    "a CTE's body",
    (db) =>
      db.with("x", () => sql<any>`(select name from users)` as any).selectFrom("x").select("x.name")
        .execute(),
    {
      lacks: {
        pglite: "Kysely adds parentheses of its own; PostgreSQL takes them",
        sqlite: "no parentheses round a body",
      },
    },
  ),
  reads("rows to insert", (db) =>
    db.insertInto("tags").columns(["id", "name"])
      .expression(sql`select id + 10, name from users` as any).execute().then(() => []), {
    writes: true,
  }),
  reads(
    "the right side of IN",
    (db) =>
      db.selectFrom("tags").select("id").where("user_id", "in", sql`(select id from users)` as any)
        .execute(),
  ),
  reads("EXISTS", (db) =>
    db.selectFrom("tags").select("id")
      .where(sql<boolean>`exists (select 1 from users where id = 4)`).execute()),
  reads("an arm of a union by callback", (db) =>
    db.selectFrom("tags").select("name")
      .unionAll(sql`select name from users` as any).execute()),
  reads(
    "an arm of a union in modifyEnd()",
    (db) =>
      db.selectFrom("tags").select("name").modifyEnd(sql`union all select name from users`)
        .execute(),
  ),
  reads(
    "an arm of a union behind a raw order",
    (db) =>
      db.selectFrom("tags").select("name").groupBy(sql`name union all select name from users`)
        .execute(),
  ),
  reads(
    "modifyFront()",
    (db) =>
      db.selectFrom("tags").modifyFront(sql`(${sql.raw(HIDDEN)}) as x,`).select("id").execute(),
    {
      must: ["R"],
    },
  ),
  reads("order by", (db) =>
    db.selectFrom("tags").select("id")
      .orderBy(sql`(select score from users where users.id = tags.user_id)`).execute(), {
    ordered: true,
    must: ["R"],
  }),
  reads(
    "values",
    (db) =>
      db.insertInto("tags").values({ id: 20, name: sql`(${sql.raw(HIDDEN)})` }).execute()
        .then(() => []),
    { writes: true },
  ),
  reads(
    "set",
    (db) =>
      db.updateTable("tags").set({ name: sql`(${sql.raw(HIDDEN)})` }).execute().then(() => []),
    {
      writes: true,
    },
  ),
  reads(
    "EXPLAIN's options",
    (db) =>
      db.deleteFrom("tags").explain(undefined, sql`analyze) delete from users --`).then(() => []),
    {
      writes: true,
      lacks: onlyPostgres("the options are PostgreSQL's"),
    },
  ),
  reads(
    "FROM glued to a number, without SELECT",
    (db) =>
      db.selectNoFrom(sql`name, 1.from users`.as("x")).select([]).execute()
        .then((rows) => rows.map(({ name }: any) => name)),
    { lacks: onlyMysql("MySQL reads it so") },
  ),
  reads(
    "FROM glued to an exponent, without SELECT",
    (db) =>
      db.selectNoFrom(sql`name, 1e0from users`.as("x")).execute()
        .then((rows) => rows.map(({ name }: any) => name)),
    { lacks: onlyMysql("MySQL reads it so") },
  ),
  reads(
    "FROM in a raw select list, without SELECT",
    (db) => db.selectNoFrom(sql`name from users`.as("x")).execute(),
  ),
  ...([
    ["a word", "docs"],
    ["a name in quotes", `"docs"`],
    ["a name in brackets", "[docs]"],
    ["a string", "'docs'"],
    ["a qualified name", "main.docs"],
    ["a function", "docs('secret')"],
    ["no blank", `"docs"`],
  ] as const).map(([name, table]) =>
    reads(
      `a table after IN: ${name}`,
      (db) =>
        db.selectFrom("tags").select("id").where(
          sql<boolean>`('secret', 4, 2, '2024-01-01') in${sql.raw(name === "no blank" ? "" : " ")}${
            sql.raw(table)
          }`,
        ).execute(),
      { lacks: onlySqlite("a table after IN is SQLite's") },
    )
  ),
  reads(
    "a table after a raw IN in the builder's comparison",
    (db) =>
      db.selectFrom("tags").select("id").where(
        // The operator and the table are apart: neither fragment says much by itself.
        eb(sql`('secret', 4, 2, '2024-01-01')`, sql`in` as any, sql.raw("docs") as any) as any,
      ).execute(),
    { must: ["R", "F"], lacks: onlySqlite("a table after IN is SQLite's") },
  ),
  ...([
    ["SQL in the name", `(${HIDDEN}) || upper`],
    ["a reader", "query_to_xml"],
    ["a reader with its schema", "pg_catalog.query_to_xml"],
    ["a reader in upper case", "PG_CATALOG.QUERY_TO_XML"],
    ["a reader in quotes", `"query_to_xml"`],
  ] as const).map(([name, fn]) =>
    reads(
      `the name of a function: ${name}`,
      (db) =>
        db.selectNoFrom((e) =>
          e.fn("concat", [
            e.fn(
              fn,
              name === "SQL in the name"
                ? [sql`'x'`]
                : [sql`'select * from users'`, sql`true`, sql`false`, sql`''`],
            ),
          ]).as("x")
        ).execute(),
      {
        lacks: name === "SQL in the name" ? undefined : onlyPostgres("PostgreSQL's function"),
        truth: ({ db }) => db.selectNoFrom(sql`'nothing'`.as("x")).execute(),
        must: ["R"],
      },
    )
  ),
  reads(
    "the name of an aggregate",
    (db) =>
      db.selectFrom("tags").select((e) => e.fn.agg(`(${HIDDEN}) || max`, ["tags.name"]).as("x"))
        .execute(),
    {
      truth: ({ db }) => db.selectNoFrom(sql`'nothing'`.as("x")).execute(),
      must: ["R"],
      lacks: { mysql: "|| is OR" },
    },
  ),
  reads(
    "the name of a function with an OR in it",
    (db) =>
      db.selectFrom("users").select("name").where((e) =>
        e.fn<any>("1 = 1 or lower", [e.ref("name")])
      ).execute(),
    {
      lacks: {
        pglite: "no text is a condition",
        postgres: "no text is a condition",
      },
    },
  ),
  reads("a direction of order by", (db) =>
    db.selectFrom("tags").select("id").orderBy(
      "tenant_id",
      sql`asc, coalesce((select score from users where users.id = tags.user_id), 50)`,
    ).execute(), { ordered: true, must: ["R"] }),
  reads("a view's query", async (db, { bare }) => {
    await db.schema.createView("raw_users").as(sql`select name from users` as any).execute();
    try {
      return await bare.selectFrom("raw_users").select("name").execute();
    } finally {
      await bare.schema.dropView("raw_users").execute();
    }
  }),
  reads("a table's query", async (db, { bare }) => {
    await db.schema.createTable("copied_users").as(sql`select name from users`).execute();
    try {
      return await bare.selectFrom("copied_users").select("name").execute();
    } finally {
      await bare.schema.dropTable("copied_users").ifExists().execute();
    }
  }),
  reads(
    "several statements",
    (db) =>
      db.selectFrom("tags").select("id").modifyEnd(sql`; update users set name = 'x'`).execute()
        .then(() => []),
    {
      writes: true,
      lacks: {
        sqlite: "the driver runs the first statement only",
        pglite: "the driver runs one statement",
        mysql: "the driver runs one statement",
      },
    },
  ),
];
