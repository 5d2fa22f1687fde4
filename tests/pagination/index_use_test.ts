/** A page by cursor begins in an index where the page before it ended, however many rows come first. */
import { type CursorOptions, paginateCursor } from "@kysera/core";
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { CompiledQuery, type Kysely, sql } from "kysely";
import { recording } from "../audit/_world.ts";
import { forwards } from "./_walk.ts";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";

const COUNT = 12_000;
/** As many rows have one score. */
const TIES = 300;
const LIMIT = 10;

type OrderBy = CursorOptions<any, any, any>["orderBy"];

/** Orders, and the index that each is read by. */
const ORDERS: Readonly<Record<string, OrderBy>> = {
  "the id": [{ column: "id" }],
  "the id, falling": [{ column: "id", direction: "desc" }],
  "what may be NULL": [{ column: "score" }],
  "what may be NULL, falling": [{ column: "score", direction: "desc" }],
  "what is never NULL": [{ column: "score", nullable: false }],
  "three keys": [{ column: "score" }, { column: "at", nullable: false }],
  "three keys, falling": [
    { column: "score", direction: "desc" },
    { column: "at", direction: "desc", nullable: false },
  ],
  "two directions": [{ column: "score" }, { column: "at", direction: "desc" }],
  "two directions, falling first": [
    { column: "score", direction: "desc" },
    { column: "at" },
  ],
};
/** Where a page begins: deep among NULLs or values, at the first of them and at the last. */
const PLACES = [0.001, 0.05, 0.5, 0.899, 0.9, 0.95];

onEveryDialect("a page by cursor", (dialect) => {
  const ran: CompiledQuery[] = [];
  let database: TestDatabase;
  let db: Kysely<any>;

  before(async () => {
    database = await dialect.open({
      connections: 1,
      wrap: (inner) => recording(inner, (query) => ran.push(query)),
    });
    db = database.db;
    await db.schema.createTable("deep")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("score", "integer")
      .addColumn("at", "integer", (column) => column.notNull())
      .execute();
    const rows = Array.from({ length: COUNT }, (_, i) => ({
      id: i + 1,
      // Every tenth is NULL.
      score: i % 10 === 9 ? null : Math.floor(i / TIES) * 7 % 40,
      at: i * 7 % 97,
    }));
    for (let i = 0; i < COUNT; i += 3_000) {
      await db.insertInto("deep").values(rows.slice(i, i + 3_000)).execute();
    }
    for (
      const [name, columns] of Object.entries({
        deep_a: "score, id",
        deep_b: "score, at, id",
        deep_c: "score, at desc, id desc",
      })
    ) {
      await sql`create index ${sql.id(name)} on deep (${sql.raw(columns)})`.execute(db);
    }
    await sql.raw(dialect.dialect === "mysql" ? "analyze table deep" : "analyze deep").execute(db);
  });
  after(() => database.close());

  /** How many rows a statement has read that it does not give. */
  async function readInVain({ sql: text, parameters }: CompiledQuery): Promise<number> {
    if (dialect.dialect === "postgres") {
      const explain = `explain (analyze, format json) ${text}`;
      const { rows } = await db.executeQuery<any>(CompiledQuery.raw(explain, [...parameters]));
      return removed(rows[0]["QUERY PLAN"][0].Plan);
    }
    if (dialect.dialect === "sqlite") {
      const explain = CompiledQuery.raw(`explain query plan ${text}`, [...parameters]);
      const { rows } = await db.executeQuery<{ detail: string }>(explain);
      return rows.some(({ detail }) => !/^SEARCH .*[<>=(]/.test(detail)) ? COUNT : 0;
    }
    await sql`flush status`.execute(db);
    const { rows: given } = await db.executeQuery(CompiledQuery.raw(text, [...parameters]));
    const { rows } = await sql<{ Value: string }>`show session status like 'Handler_read%'`
      .execute(db);
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0) - given.length;
  }

  for (const [name, orderBy] of Object.entries(ORDERS)) {
    it(`by ${name} reads no rows before it`, async () => {
      const query = db.selectFrom("deep").selectAll();
      const all = (await forwards(query, { orderBy, limit: 10_000 })).map(({ id }) => id);
      for (const place of PLACES) {
        const before = Math.floor(all.length * place);
        const cursor = await cursorAfter(query, orderBy, before);
        ran.length = 0;
        const page = await paginateCursor(query, { orderBy, limit: LIMIT, cursor });
        const statements = ran.splice(0).filter(({ sql }) => sql.includes("deep"));
        assert.deepEqual(page.data.map(({ id }) => id), all.slice(before, before + LIMIT));
        // MariaDB reads all NULLs of a key for some of them, however the condition is written.
        const isAmongNulls = statements.some(({ sql }) => / is null\) and /.test(sql));
        if (dialect.dialect === "mysql" && isAmongNulls) continue;
        for (const statement of statements) {
          const vain = await readInVain(statement);
          assert.ok(vain <= 3 * LIMIT, `${place}: ${vain} rows in vain\n${statement.sql}`);
        }
      }
    });
  }
});

/** The cursor behind so many rows. */
async function cursorAfter(query: any, orderBy: OrderBy, count: number): Promise<string> {
  let cursor: string | undefined;
  for (let left = count; left > 0; left -= 10_000) {
    const page = await paginateCursor(query, { orderBy, limit: Math.min(left, 10_000), cursor });
    cursor = page.pagination.nextCursor;
  }
  return cursor!;
}

function removed(plan: any): number {
  const own =
    ((plan["Rows Removed by Filter"] ?? 0) + (plan["Rows Removed by Index Recheck"] ?? 0)) *
    (plan["Actual Loops"] ?? 1);
  // What is sorted was read as a whole.
  const sorted = plan["Node Type"] === "Sort" ? plan["Actual Rows"] : 0;
  return own + sorted +
    (plan.Plans ?? []).reduce((sum: number, each: any) => sum + removed(each), 0);
}
