import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { executeCount, executeGroupedCount, paginate, paginateCursor } from "@kysera/core";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { CamelCasePlugin, type Kysely, ParseJSONResultsPlugin, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { openShop, type Shop } from "./_shop.ts";
import { bothWays } from "./_walk.ts";

interface CamelShop {
  orders: { id: number; customerId: number; total: number | null; status: string };
  customers: { id: number; name: string; city: string | null };
}

onEveryDialect("pagination under CamelCasePlugin", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<CamelShop>;

  before(async () => {
    database = await openShop(dialect, [new CamelCasePlugin(), new ParseJSONResultsPlugin()]);
    db = database.db;
  });

  after(() => database.close());

  it("takes camel case names, and gives them back", async () => {
    const query = db.selectFrom("orders").select(["id", "customerId"]);
    const expected = await query.orderBy("customerId").orderBy("id").execute();
    assert.deepEqual(
      await bothWays(query, { orderBy: [{ column: "customerId" }], limit: 2 }),
      expected,
    );
  });

  it("takes them from the result of a query that is grouped", async () => {
    const query = db.selectFrom("orders").groupBy("customerId")
      .select((eb) => ["customerId", eb.fn.countAll<number>().as("orderCount")]);
    const expected = await query.orderBy("orderCount").orderBy("customerId").execute();
    const found = await bothWays(query, { orderBy: [{ column: "orderCount" }], limit: 2 });
    assert.deepEqual(found, expected);
    assert.equal(await executeCount(query), expected.length);
  });

  it("counts by them", async () => {
    assert.deepEqual(
      await executeGroupedCount(db.selectFrom("orders").selectAll(), "customerId"),
      { 1: 3, 2: 1, 3: 2, 4: 1 },
    );
  });

  it("keeps text that looks like JSON", async () => {
    await db.insertInto("customers").values([
      { id: 90, name: "[1, 2]", city: "[1, 2]" },
      { id: 91, name: '{"a": 1}', city: "[1,2]" },
    ]).execute();
    const query = db.selectFrom("customers").select("id");
    const expected = await query.orderBy("city").orderBy("id").execute();
    assert.deepEqual(await bothWays(query, { orderBy: [{ column: "city" }], limit: 1 }), expected);
  });
});

onEveryDialect("pagination through an executor", (dialect) => {
  let database: TestDatabase;
  let executor: Kysely<Shop>;

  /** Shows the orders of one status only: the one that is bound, or else those that are open. */
  const visible: Plugin = {
    name: "visible",
    version: "1.0.0",
    appliesTo: ({ name }) => name === "orders",
    filter: (orders, { eb, context }) =>
      eb(orders.column("status"), "=", context?.["status"] ?? "open"),
  };

  before(async () => {
    database = await openShop(dialect);
    executor = await createExecutor(database.db as Kysely<Shop>, [visible], { rawSql: "deny" });
  });

  after(() => database.close());

  it("shows no row that is hidden, and counts none", async () => {
    const query = executor.selectFrom("orders").select("id");
    const rows = await bothWays(query, { orderBy: [{ column: "total" }], limit: 1 });
    assert.deepEqual(rows.map(({ id }) => id).toSorted(), [10, 13, 14]);
    const page = await paginate(query.orderBy("id"), { limit: 2 });
    assert.deepEqual(page.data, [{ id: 10 }, { id: 13 }]);
    assert.equal(page.pagination.total, 3);
    assert.deepEqual(await executeGroupedCount(query, "status"), { open: 3 });
    const cursored = await paginateCursor(query, { orderBy: [], total: "exact" });
    assert.equal(cursored.pagination.total, 3);
    const guess = await paginate(query, { total: "estimate" });
    assert.equal(guess.data.length, 3);
  });

  it("shows none in a join, a group or a union", async () => {
    const join = executor.selectFrom("customers as c").leftJoin(
      "orders as o",
      (join) => join.onRef("o.customer_id", "=", "c.id"),
    ).select(["c.id", "o.id as order"]);
    const rows = await bothWays(join, { orderBy: [{ column: "c.name" }], limit: 2 });
    const orders = rows.flatMap(({ order }) => order ?? []);
    assert.deepEqual(orders.toSorted(), [10, 13, 14]);
    const group = executor.selectFrom("orders").groupBy("customer_id").select("customer_id");
    const groups = await bothWays(group, { orderBy: [{ column: "customer_id" }], limit: 1 });
    assert.deepEqual(groups, [{ customer_id: 1 }, { customer_id: 3 }]);
    const union = executor.selectFrom("orders").select("id")
      .union(executor.selectFrom("customers").select("id"));
    const united = await bothWays(union, { orderBy: [{ column: "id" }], limit: 3 });
    assert.deepEqual(united.map(({ id }) => id), [1, 2, 3, 4, 5, 10, 13, 14]);
  });

  it("takes a cursor under the context only that it was made under", async () => {
    const query = (status: string) =>
      bindContext(executor, { status }).selectFrom("orders").select("id");
    const options = { orderBy: [{ column: "id" as const }], limit: 1 };
    const { pagination } = await paginateCursor(query("paid"), options);
    const cursor = pagination.nextCursor;
    const next = await paginateCursor(query("paid"), { ...options, cursor });
    assert.deepEqual(next.data, [{ id: 12 }]);
    await assert.rejects(
      paginateCursor(query("gone"), { ...options, cursor }),
      /^BadRequestError: Cannot use cursor/,
    );
  });

  it("still refuses raw SQL that names a table", async () => {
    const query = executor.selectFrom(sql<{ id: number }>`orders`.as("o")).select("o.id");
    await assert.rejects(paginateCursor(query, { orderBy: [{ column: "o.id" }] }), /raw/i);
  });

  it("works in a transaction", async () => {
    await executor.transaction().execute(async (trx) => {
      const query = trx.selectFrom("orders").select("id");
      const rows = await bothWays(query, { orderBy: [{ column: "id" }], limit: 2 });
      assert.equal(rows.length, 3);
    });
  });
});

onEveryDialect("pagination in a schema", (dialect) => {
  it("qualifies what it adds to the query", async () => {
    const { db, close } = await openShop(dialect);
    try {
      await db.schema.createSchema("pages_test").ifNotExists().execute();
      const other = db.withSchema("pages_test");
      await other.schema.createTable("orders").addColumn("id", "integer").execute();
      const rows = [{ id: 1 }, { id: 2 }];
      await other.insertInto("orders").values(rows as never).execute();
      const query = other.selectFrom("orders").select("id");
      assert.deepEqual(await bothWays(query, { orderBy: [], limit: 1 }), rows);
      assert.equal(await executeCount(query), 2);
    } finally {
      await db.schema.dropSchema("pages_test").cascade().execute();
      await close();
    }
  });
}, ["pglite"]);
