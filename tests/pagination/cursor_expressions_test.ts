/** Orders that are computed: their values are compared as ORDER BY compares them, not as shown. */
import { BadRequestError, paginateCursor } from "@kysera/core";
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { fuzzPart } from "../support/random.ts";
import { bothWays } from "./_walk.ts";

const COMMON: readonly string[] = [
  "price / qty",
  "price * 1.0 / qty",
  "qty / 3",
  "dc / 7",
  "1 / qty - dc",
  "fl * 3",
  "fl / 7",
  "qty % 3",
  "-qty",
  "qty > 3",
  "coalesce(price, 0)",
  "nullif(qty, 2)",
  "case when qty > 3 then name else null end",
  "case when qty > 3 then price / 7 else dc end",
  "upper(name)",
  "name",
  "length(name)",
  "round(dc, 1)",
  "abs(fl)",
  "min(price, qty)",
];

const EXPRESSIONS: Readonly<Record<string, readonly string[]>> = {
  sqlite: [
    ...COMMON,
    "json_extract(js, '$.s')",
    "js ->> '$.n'",
    "date(dt)",
    "hex(name)",
    "name || qty",
  ],
  postgres: [
    ...COMMON.slice(0, -1),
    "least(price, qty)",
    "js -> 's'",
    "js ->> 'n'",
    "dt + interval '1 day' * qty",
    "date_trunc('hour', dt)",
    "extract(epoch from dt) / 7",
    "name || qty",
    'name collate "C"',
    "array[qty, price]",
    "md5(name)",
    "price::bigint * 1000000000000",
    "'pg_class'::regclass",
  ],
  mysql: [
    ...COMMON.slice(0, -1),
    "least(price, qty)",
    "json_extract(js, '$.s')",
    "json_extract(js, '$.n')",
    "json_unquote(json_extract(js, '$.s'))",
    "json_value(js, '$.n')",
    "date_add(dt, interval qty hour)",
    "date(dt)",
    "time(dt)",
    "unix_timestamp(dt) / 7",
    "timediff(dt, '2026-01-01 00:00:00')",
    "concat(name, qty)",
    "hex(name)",
    "unhex(hex(name))",
    "en",
    "concat(en)",
    "en + 0",
    "coalesce(en, 'none')",
    "bi",
    "bi + 0",
    "bi | 1",
    "uu",
    "coalesce(uu, uuid())",
    "cast(dc as decimal(65, 30)) / 3",
    "price * 1000000000000000",
    "dc div 2",
    "pow(qty, 40)",
    "if(qty > 3, dc, fl)",
    "cast(name as binary)",
    "md5(name)",
    "greatest(dt, date(dt))",
    "year(dt)",
    "cast(qty as year)",
    "(select max(price / 3) from pr as other where other.qty = pr.qty)",
  ].filter((text) => !text.startsWith("coalesce(uu") && text !== "cast(qty as year)"),
};

const AGGREGATES: Readonly<Record<string, readonly string[]>> = {
  sqlite: ["avg(price)", "sum(price) / count(*)", "sum(fl)", "max(name)", "group_concat(name)"],
  postgres: ["avg(price)", "sum(price) / count(*)", "sum(dc) / 7", "max(name)", "max(dt)"],
  mysql: [
    "avg(price)",
    "sum(price) / count(*)",
    "sum(dc) / 7",
    "sum(fl)",
    "max(name)",
    "max(dt)",
    "max(uu)",
    "max(bi)",
    "json_arrayagg(qty)",
    "group_concat(name)",
  ],
};

onEveryDialect("paginateCursor() by an expression", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  before(async () => {
    database = await dialect.open();
    db = database.db;
    const types = {
      sqlite: "dc numeric, fl real, dt text, js text",
      postgres: "dc numeric(10, 2), fl float8, dt timestamp, js jsonb",
      mysql: "dc decimal(10, 2), fl float, dt datetime(3), js json, en enum('5', '1', '10'), " +
        "bi bit(8), uu uuid",
    }[dialect.dialect];
    await sql`create table pr (id int primary key, price int, qty int, name varchar(20), ${
      sql.raw(types)
    })`.execute(db);
    for (let id = 1; id <= 11; id++) {
      const qty = id % 7 + 1;
      await db.insertInto("pr").values({
        id,
        price: id * 10,
        qty,
        name: `${"bBaA"[id % 4]}${id % 5 === 0 ? '"' : " "}${id % 3}`,
        dc: (id % 4) * 1.25 - 1,
        fl: (id % 5) * 0.1,
        dt: `2026-01-0${id % 3 + 1} 0${id % 4}:00:00.${id % 2}00`,
        js: JSON.stringify({ s: `${"ab"[id % 2]}${" x"[id % 2]}`, n: id % 4 * 5 }),
        ...dialect.dialect !== "mysql" ? {} : {
          en: ["5", "1", "10"][id % 3],
          bi: id % 4 * 16,
          uu: `0000000${id % 4}-0000-0000-0000-00000000000${id % 3}`,
        },
      }).execute();
    }
    await db.insertInto("pr").values({ id: 12, qty: 1 }).execute();
  });

  after(() => database.close());

  const idsOf = async (order: string, from = "pr"): Promise<unknown[]> =>
    (await sql`select id from ${sql.raw(from)} order by ${sql.raw(order)}`.execute(db)).rows;

  for (const text of fuzzPart(EXPRESSIONS[dialect.dialect]!)) {
    it(text, async () => {
      const expression = sql<unknown>`${sql.raw(text)}`;
      const bare = db.selectFrom("pr").select("id");
      const aliased = db.selectFrom("pr").select(["id", expression.as("unit")]);
      const derived = db.selectFrom(
        db.selectFrom("pr").select(["id", expression.as("unit")]).as("d"),
      ).select("id");
      const cte = db.with("d", (db) => db.selectFrom("pr").select(["id", expression.as("unit")]))
        .selectFrom("d").select("id");
      for (const direction of ["asc", "desc"] as const) {
        const walk = async (
          query: SelectQueryBuilder<any, any, any>,
          column: any,
          limit: number,
        ): Promise<unknown[]> =>
          (await bothWays(query, {
            orderBy: [{ column, direction }],
            uniqueBy: ["id"],
            limit,
          })).map(({ id }) => ({ id }));
        const expected = await idsOf(`${text} ${direction}, id ${direction}`);
        assert.deepEqual(await walk(bare, expression, 1), expected, "an expression");
        assert.deepEqual(await walk(aliased, "unit", 3), expected, "an alias");
        const inner = await idsOf(
          `unit ${direction}, id ${direction}`,
          `(select id, ${text} as unit from pr) as d`,
        );
        assert.deepEqual(await walk(derived, "unit", 3), inner, "a derived table");
        assert.deepEqual(await walk(cte, "unit", 3), inner, "WITH");
      }
    });
  }

  for (const text of fuzzPart(AGGREGATES[dialect.dialect]!)) {
    it(`${text}, grouped`, async () => {
      const query = db.selectFrom("pr").select(["qty", sql.raw(text).as("unit")]).groupBy("qty");
      for (const direction of ["asc", "desc"] as const) {
        const { rows } = await sql`select qty, ${sql.raw(text)} as unit from pr group by qty
          order by ${sql.raw(text)} ${sql.raw(direction)}, qty ${sql.raw(direction)}`.execute(db);
        for (const limit of [1, 3]) {
          const found = await bothWays(query, { orderBy: [{ column: "unit", direction }], limit });
          assert.deepEqual(found.map(({ qty }) => qty), rows.map((row: any) => row.qty));
        }
      }
    });
  }

  it("of rows that are distinct, or of a union", async () => {
    const one = db.selectFrom("pr").select(["qty", sql`qty / 3`.as("unit")]);
    for (const query of [one.distinct(), one.union(one.where("qty", ">", 3))]) {
      const { rows } = await sql`select * from (${query}) as q order by unit, qty`.execute(db);
      const found = await bothWays(query, { orderBy: [{ column: "unit" }], limit: 2 });
      assert.deepEqual(found, rows);
    }
  });

  if (dialect.dialect === "postgres") {
    it("of a composite type is refused before a page is given", async () => {
      await sql`create type pair as (a int, b text)`.execute(db);
      for (const text of ["row(price, qty)", "row(price, name)::pair", "pr"]) {
        const column = sql<unknown>`${sql.raw(text)}`;
        await assert.rejects(
          paginateCursor(db.selectFrom("pr").select("id"), { orderBy: [{ column }], limit: 3 }),
          (error) => error instanceof BadRequestError && /composite type/.test(error.message),
        );
      }
    });
  }

  if (dialect.dialect === "mysql") {
    it("a type without an order is refused", async () => {
      await sql`create table places (id int primary key, at point)`.execute(db);
      await sql`insert into places values (1, point(1, 2))`.execute(db);
      await assert.rejects(
        paginateCursor(db.selectFrom("places").select("id"), { orderBy: [{ column: "at" }] }),
        (error) =>
          error instanceof BadRequestError && /"at" is of the type point/.test(error.message),
      );
    });

    it("a text that is longer than what is sorted by is refused, its beginning is not", async () => {
      await sql`create table texts (id int primary key, body text)`.execute(db);
      const long = "x".repeat(3_000);
      const bodies = [`${long}c`, `${long}a`, `${long}b`, "short"];
      await db.insertInto("texts").values(bodies.map((body, id) => ({ id, body }))).execute();
      const query = db.selectFrom("texts").select("id");
      await assert.rejects(
        paginateCursor(query, { orderBy: [{ column: "body", direction: "desc" }], limit: 1 }),
        (error) => error instanceof BadRequestError && /max_sort_length/.test(error.message),
      );
      const column = sql`left(body, 200)`;
      const found = await bothWays(query, { orderBy: [{ column }], limit: 1 });
      assert.deepEqual(found.map(({ id }) => id), [3, 0, 1, 2]);
    });

    it("columns of views and other databases, and of joins that do not name their table", async () => {
      await sql`create view pv as select id, en, bi, uu from pr`.execute(db);
      await sql`create table notes (note_id int primary key, note enum('9', '10'))`.execute(db);
      await sql`insert into notes values (1, '10'), (2, '9'), (3, '10')`.execute(db);
      const { rows: [row] } = await sql<{ name: string }>`select database() as name`.execute(db);
      const joined = db.selectFrom("pr").innerJoin("notes", "note_id", "id");
      const queries: [SelectQueryBuilder<any, any, any>, string, string][] = [
        [db.selectFrom("pv").select("id"), "en", "pv"],
        [db.selectFrom("pv").select("id"), "bi", "pv"],
        [db.selectFrom("pv").select("id"), "uu", "pv"],
        [db.selectFrom(`${row!.name}.pr as p`).select("id"), "p.en", "pr as p"],
        [joined.select("id"), "note", "pr join notes on note_id = id"],
        [joined.select("id"), "en", "pr join notes on note_id = id"],
      ];
      for (const [query, column, from] of queries) {
        const found = await bothWays(query, {
          orderBy: [{ column }],
          uniqueBy: [sql`id`],
          limit: 1,
        });
        assert.deepEqual(found, await idsOf(`${column}, id`, from), `${column} of ${from}`);
      }
    });
  }

  it("an error of the database is not taken for a missing id", async () => {
    const broken = sql`this is not (sql`;
    await assert.rejects(
      paginateCursor(db.selectFrom("pr").select("id"), { orderBy: [{ column: broken }] }),
      (error) => !(error instanceof BadRequestError) || dialect.dialect === "sqlite",
    );
    await db.schema.createTable("bare").addColumn("key", "integer").execute();
    await assert.rejects(
      paginateCursor(db.selectFrom("bare").select("key"), { orderBy: [{ column: "key" }] }),
      /name another in "uniqueBy"/,
    );
  });
});
