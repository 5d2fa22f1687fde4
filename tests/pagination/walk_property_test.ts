import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { paginateCursor } from "@kysera/core";
import fc from "fast-check";
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { fuzzProperty } from "../support/random.ts";
import { backwards, forwards } from "./_walk.ts";

const columns = ["n", "s", "d", "r"] as const;

interface OrderItem {
  readonly column: string;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last" | undefined;
}

// Few values, so that there are ties, and all sorts of neighbours
const instants = [
  "2026-01-01 00:00:00.000001",
  "2026-01-01 00:00:00.000002",
  "1969-12-31 23:59:59",
];
const row = fc.record({
  n: fc.option(fc.constantFrom(-1, 0, 1, 2)),
  s: fc.option(fc.constantFrom("", "a", "A", "b", "ä", "0", "[1]", "a'b")),
  d: fc.option(fc.constantFrom(...instants)),
  r: fc.option(fc.constantFrom("0.1", "-2.5", "1000000.25")),
});
const rows = fc.array(row, { maxLength: 18 });
const order = fc.uniqueArray(
  fc.record({
    column: fc.constantFrom(...columns),
    direction: fc.constantFrom("asc" as const, "desc" as const),
    nulls: fc.constantFrom("first" as const, "last" as const, undefined),
  }),
  { selector: (item) => item.column, minLength: 1, maxLength: 3 },
);
const limit = fc.integer({ min: 1, max: 7 });

/** The order as anyone would write it by hand, with `id` to make it unique. */
function inOrder(query: SelectQueryBuilder<any, any, any>, items: readonly OrderItem[]) {
  let ordered = query;
  for (const { column, direction, nulls } of items) {
    if (nulls !== undefined) {
      const last = sql`case when ${sql.ref(column)} is null then 1 else 0 end`;
      ordered = ordered.orderBy(last, nulls === "last" ? "asc" : "desc");
    }
    ordered = ordered.orderBy(column, direction);
  }
  return ordered.orderBy("id", items.at(-1)!.direction);
}

onEveryDialect("paginateCursor() of random rows", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  before(async () => {
    database = await dialect.open();
    db = database.db;
    await db.schema.createTable("t")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("n", "integer")
      .addColumn("s", "varchar(20)")
      .addColumn("d", dialect.dialect === "mysql" ? "datetime(6)" : "timestamp")
      .addColumn("r", dialect.dialect === "sqlite" ? "real" : "decimal(20, 5)")
      .execute();
  });

  after(() => database.close());

  const fill = async (given: readonly object[], first = 0) => {
    if (given.length === 0) return;
    await db.insertInto("t").values(given.map((one, index) => ({ id: first + index, ...one })))
      .execute();
  };
  const ids = (found: readonly Record<string, unknown>[]) => found.map(({ id }) => id);

  it("gives every row once, forwards in order, and backwards in reverse", async () => {
    await fc.assert(
      fc.asyncProperty(rows, order, limit, async (given, orderBy, limit) => {
        await db.deleteFrom("t").execute();
        await fill(given);
        const query = db.selectFrom("t").select("id");
        const expected = ids(await inOrder(query, orderBy).execute());
        const options = { orderBy, limit };
        assert.deepEqual(ids(await forwards(query, options)), expected);
        assert.deepEqual(ids(await backwards(query, options)), expected.toReversed());
      }),
      fuzzProperty(100),
    );
  });

  it("loses and repeats no row that stays while others come and go", async () => {
    const change = fc.record({ add: row, remove: fc.nat() });
    await fc.assert(
      fc.asyncProperty(
        rows,
        order,
        limit,
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (given, orderBy, limit, changes, forward) => {
          await db.deleteFrom("t").execute();
          // Rows with even ids stay
          await fill(given.map((one, index) => ({ ...one, id: 2 * index })));
          const passing = given.map((one, index) => ({ ...one, id: 2 * index + 1 }));
          await fill(passing);
          const query = db.selectFrom("t").select("id");
          const staying = query.where(sql<boolean>`id % 2 = 0`);
          const expected = ids(await inOrder(staying, orderBy).execute());
          let turn = 0;
          const between = async () => {
            // Rows that are added ahead of the walk for ever would keep it going for ever
            const next = changes[turn];
            if (next === undefined) return;
            const { add, remove } = next;
            await fill([add].map((one) => ({ ...one, id: 1001 + 2 * turn })));
            await db.deleteFrom("t").where("id", "=", passing[remove % passing.length]?.id ?? -1)
              .execute();
            turn++;
          };
          const walk = forward ? forwards : backwards;
          const found = ids(await walk(query, { orderBy, limit }, between));
          assert.equal(new Set(found).size, found.length);
          const stayed = found.filter((id) => Number(id) % 2 === 0);
          assert.deepEqual(stayed, forward ? expected : expected.toReversed());
        },
      ),
      fuzzProperty(100),
    );
  });

  it("leads back to the page that one came from", async () => {
    await fc.assert(
      fc.asyncProperty(rows, order, limit, async (given, orderBy, limit) => {
        await db.deleteFrom("t").execute();
        await fill(given);
        const query = db.selectFrom("t").select("id");
        const read = (cursor?: string) => paginateCursor(query, { orderBy, limit, cursor });
        let page = await read();
        while (page.pagination.nextCursor !== undefined) {
          const next = await read(page.pagination.nextCursor);
          const back = await read(next.pagination.prevCursor);
          assert.deepEqual(back.data, page.data);
          const again = await read(back.pagination.nextCursor);
          assert.deepEqual(again.data, next.data);
          page = next;
        }
      }),
      fuzzProperty(50),
    );
  });
});
