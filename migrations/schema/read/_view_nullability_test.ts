import { readSchema } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { runScript } from "../../../tests/migrations/_run_script.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

const TABLES = `
  create table a (id integer primary key, n integer, "Name" text not null);
  create table b (id integer primary key, a_id integer not null, t text);
`;

/** Queries, and for each column whether it is known never to be NULL. */
const QUERIES: readonly (readonly [query: string, never: string])[] = [
  ['select id, n, "Name" from a', "+ +"],
  ['select x."Name" as one, x.id, x.n as two from a as x', "++ "],
  ["select distinct id from a where n = 1 order by id limit 3", "+"],
  ["select a.id, b.id as other, b.a_id, b.t from a join b on b.a_id = a.id", "+++ "],
  ["select a.id, b.id as other, b.t from a left join b on (b.a_id = a.id)", "+  "],
  [
    "select a.id, b.id as other, c.id as third from a left join b on b.a_id = a.id " +
    "join a c on c.id = b.id",
    "+  ",
  ],
  ["select a.id, b.id as other from a, b where a.id = b.id", "++"],
  ["select count(*) as one, n, count(n) as two from a group by n", "+ +"],
  ["select id, count(*) as one from a group by id", "++"],
  ["select max(id) as one from a", " "],
  ["select 1 as one, 'it''s' as two, null as three, 1 + n as four from a", "++  "],
  ["select id from a union select a_id from b", " "],
  ["with x as (select id from a) select id from x", " "],
  ["select x.id, a.id as other from (select id from b) as x join a on a.id = x.id", " +"],
  ["select (select id from a) as one, b.id from b", " +"],
  ["select case when n = 1 then id end as one, id from a", " +"],
  ["select count(*) + n as one from a group by n", " "],
  ["select count(*) over () as one, n from a", "  "],
  ["select a.id from a cross join b", "+"],
  ["select id from first_one", "+"],
  ["select a.id from a inner join (b join a as c on c.id = b.id) on b.a_id = a.id", "+"],
  [
    "select b.id, c.id as other from a left join (b join a as c on c.id = b.id) on b.a_id = a.id",
    "  ",
  ],
  ["select id from a where id in (select id from b left join a using (id))", "+"],
  ["select id from a join b using (id)", " "],
  ["select a.id from a left outer join b on b.id = case when a.n = 1 then 1 end", "+"],
];

onEveryDialect("the columns of a view", (dialect) => {
  it("are known not to be NULL where the query shows it", async () => {
    const { db, close } = await dialect.open();
    try {
      await runScript(db, TABLES);
      await runScript(db, "create view first_one as select id from a");
      for (const [i, [query]] of QUERIES.entries()) {
        await runScript(db, `create view v${i} as ${query}`);
      }
      const { views } = await readSchema(db);
      for (const [i, [query, wanted]] of QUERIES.entries()) {
        const { columns } = views.find(({ name }) => name === `v${i}`)!;
        const never = columns.map(({ nullable }) => nullable === false ? "+" : " ").join("");
        assert.equal(never, wanted, query);
        assert.ok(columns.every(({ nullable }) => nullable !== true));
        await assertTrue(db, `v${i}`, columns.map(({ name }) => name), never);
      }
    } finally {
      await close();
    }
  });

  it("of a view that is created again through others are told, too", async () => {
    const { db, close } = await dialect.open();
    try {
      await runScript(
        db,
        `${TABLES}; create view z as select id, n from a; create view m as select id, n from z;
         create view b2 as select m.id as one, m.n as two from m`,
      );
      const { views } = await readSchema(db);
      const [last] = views;
      assert.deepEqual(last?.columns.map(({ nullable }) => nullable), [false, null]);
    } finally {
      await close();
    }
  });
}, ["sqlite", "pglite", "postgres"]);

onEveryDialect("the columns of a view of PostgreSQL", (dialect) => {
  it("are not told where something is read that is not a table", async () => {
    const { db, close } = await dialect.open();
    const queries = [
      "select x.id from only a y, b x",
      "select id from lateral (select 1 as id) a",
      "select a.id from rows from (generate_series(1, 2)) as a (id)",
      "select a.id from generate_series(1, 2) with ordinality as a (id, n)",
      "select a.id from (values (1), (null)) as a (id)",
      "select b.id from a as b tablesample system (50)",
      "select a.id from b full join a on a.id = b.id",
      "select a.x as id from a as a (x, y, z)",
      "select a.id from a as b (x, y, z) join b as a on true",
    ];
    try {
      await runScript(db, TABLES);
      for (const [i, query] of queries.entries()) {
        await runScript(db, `create view v${i} as ${query}`);
      }
      const { views } = await readSchema(db);
      const found = views.map(({ columns }) => columns[0]?.nullable);
      // The last one reads the column of a table by an alias that is the name of another.
      assert.deepEqual(found, [...queries.slice(1).map(() => null), false]);
    } finally {
      await close();
    }
  });
}, ["pglite", "postgres"]);

onEveryDialect("the columns of a view of SQLite", (dialect) => {
  it("that stand beside an aggregate are NULL where there is no row", async () => {
    const { db, close } = await dialect.open();
    try {
      await runScript(db, `${TABLES}; create view v as select ID, count(*) as many from A`);
      const { views: [view] } = await readSchema(db);
      assert.deepEqual(view?.columns.map(({ nullable }) => nullable), [null, false]);
      assert.deepEqual(await db.selectFrom("v").selectAll().execute(), [{ id: null, many: 0 }]);
    } finally {
      await close();
    }
  });
}, ["sqlite"]);

/** What is said of a view holds for the rows that it has. */
async function assertTrue(
  db: Kysely<any>,
  view: string,
  columns: readonly string[],
  never: string,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.insertInto("a").values([
      { id: 1, n: null, Name: "x" },
      { id: 2, n: 1, Name: "y" },
    ]).execute();
    await trx.insertInto("b").values({ id: 1, a_id: 1, t: null }).execute();
    const rows = await trx.selectFrom(view).selectAll().execute().catch(() => []);
    for (const row of rows) {
      for (const [i, column] of columns.entries()) {
        if (never[i] === "+") assert.notEqual(row[column], null, `${view}.${column}`);
      }
    }
    throw new Undo();
  }).catch((error) => {
    if (!(error instanceof Undo)) throw error;
  });
}

class Undo extends Error {}
