import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { BadRequestError, type CursorOptions, paginateCursor } from "@kysera/core";
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { openOrPaid, openShop, type Shop } from "./_shop.ts";
import { bothWays } from "./_walk.ts";

onEveryDialect("paginateCursor()", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<Shop>;

  before(async () => {
    database = await openShop(dialect);
    db = database.db;
  });

  after(() => database.close());

  /** Walks both ways in pages of several sizes; the rows must be those of `expected`, in its order. */
  async function walks<DB, TB extends keyof DB, O>(
    query: SelectQueryBuilder<DB, TB, O>,
    options: CursorOptions<DB, TB, O>,
    expected: SelectQueryBuilder<any, any, any>,
  ): Promise<void> {
    const rows = await expected.execute();
    assert.ok(rows.length > 1);
    for (const limit of [1, 2, 3, 50]) {
      assert.deepEqual(await bothWays(query, { ...options, limit } as never), rows);
    }
  }

  it("orders by a column that is not selected, and does not show it", async () => {
    const query = db.selectFrom("customers").select("name");
    await walks(
      query,
      { orderBy: [{ column: "city", direction: "desc" }] },
      query.orderBy("city", "desc").orderBy("id", "desc"),
    );
  });

  it("orders by a qualified column of a join, with all columns selected", async () => {
    const query = db.selectFrom("orders as o")
      .innerJoin("customers as c", "c.id", "o.customer_id")
      .selectAll("o")
      .select("c.name");
    await walks(
      query,
      { orderBy: [{ column: "c.name" }, { column: "o.total" }] },
      query.orderBy("c.name").orderBy("o.total").orderBy("o.id"),
    );
  });

  it("tells the rows of a join apart where one side repeats", async () => {
    const query = db.selectFrom("customers as c")
      .leftJoin("orders as o", "o.customer_id", "c.id")
      .select(["c.name", "o.status"]);
    await walks(
      query,
      { orderBy: [{ column: "c.id" }] },
      query.orderBy("c.id").orderBy("o.id"),
    );
  });

  it("tells rows apart by what uniqueBy names where a table has no id", async () => {
    const query = db.selectFrom("tags").innerJoin("orders", "orders.id", "tags.order_id")
      .select(["word", "orders.status"]);
    await walks(
      query,
      { orderBy: [{ column: "status" }], uniqueBy: ["tags.order_id", "word"] },
      query.orderBy("status").orderBy("tags.order_id").orderBy("word"),
    );
    await assert.rejects(
      paginateCursor(query, { orderBy: [{ column: "status" }] }),
      (error) => error instanceof BadRequestError && /"uniqueBy"/.test(error.message),
    );
  });

  it("orders by the alias of a column, not by the column of that name", async () => {
    const query = db.selectFrom("customers").select(["city as name", "id"]);
    await walks(query, { orderBy: [{ column: "name" }] }, query.orderBy("name").orderBy("id"));
  });

  it("orders by something computed, under its name", async () => {
    const query = db.selectFrom("customers as c").selectAll("c").select((eb) => [
      eb.selectFrom("orders").whereRef("customer_id", "=", "c.id")
        .select((eb) => eb.fn.max("total").as("most")).as("most"),
    ]);
    await walks(
      query,
      { orderBy: [{ column: "most", direction: "desc" }] },
      query.orderBy("most", "desc").orderBy("c.id", "desc"),
    );
  });

  it("orders by a computed name that is a column's as well", async () => {
    const query = db.selectFrom("orders").select(["id", sql<number>`-total`.as("total")]);
    await walks(query, { orderBy: [{ column: "total" }] }, query.orderBy("total").orderBy("id"));
  });

  it("orders by a window function", async () => {
    const query = db.selectFrom("orders").select((eb) => [
      "id",
      eb.fn.countAll<number>().over((over) => over.partitionBy("status")).as("others"),
    ]);
    await walks(query, { orderBy: [{ column: "others" }] }, query.orderBy("others").orderBy("id"));
  });

  it("orders by an expression", async () => {
    const query = db.selectFrom("customers").select("id");
    const column = sql<string>`coalesce(city, ${"M"})`;
    await walks(query, { orderBy: [{ column }] }, query.orderBy(column).orderBy("id"));
  });

  it("does not let an OR in raw SQL swallow the cursor's condition", async () => {
    const query = db.selectFrom("orders").select("id").where(openOrPaid);
    await walks(query, { orderBy: [{ column: "status" }] }, query.orderBy("status").orderBy("id"));
  });

  it("walks over groups, by what they are grouped by and by aggregates", async () => {
    const query = db.selectFrom("orders").groupBy("customer_id")
      .select((eb) => ["customer_id", eb.fn.sum<number>("total").as("sum")]);
    await walks(
      query,
      { orderBy: [{ column: "sum" }] },
      query.orderBy("sum").orderBy("customer_id"),
    );
    const having = query.having((eb) => eb.fn.countAll(), ">=", 1);
    await walks(
      having,
      { orderBy: [{ column: "sum", nulls: "last" }] },
      having.orderBy(sql`case when sum(total) is null then 1 else 0 end`).orderBy("sum")
        .orderBy("customer_id"),
    );
  });

  it("walks over groups that are not selected", async () => {
    const query = db.selectFrom("orders").groupBy(["status", "customer_id"])
      .select((eb) => eb.fn.countAll<number>().as("n"));
    await walks(
      query,
      { orderBy: [{ column: "status", direction: "desc" }] },
      query.orderBy("status", "desc").orderBy("customer_id", "desc"),
    );
  });

  it("demands to be told what is unique where a group and its alias have the same name", async () => {
    const query = db.selectFrom("customers").groupBy("name")
      .select(sql<string>`substr(name, 1, 0)`.as("name"));
    const options = { orderBy: [{ column: "name" as const }] };
    await assert.rejects(paginateCursor(query, options), /Cannot paginate.*"uniqueBy"/);
  });

  it("walks over distinct rows", async () => {
    const query = db.selectFrom("orders").select(["status", "total"]).distinct();
    await walks(
      query,
      { orderBy: [{ column: "total" }] },
      query.orderBy("total").orderBy("status"),
    );
  });

  it("walks over a union", async () => {
    const query = db.selectFrom("orders").select(["id", "total as n"]).where("status", "=", "open")
      .union(db.selectFrom("customers").select(["id", "id as n"]));
    await walks(query, { orderBy: [{ column: "n" }] }, query.orderBy("n").orderBy("id"));
  });

  it("walks over a union of all, if it is told what is unique", async () => {
    const query = db.selectFrom("orders").select("id").unionAll(
      db.selectFrom("customers").select("id"),
    );
    await walks(query, { orderBy: [{ column: "id" }], uniqueBy: [] }, query.orderBy("id"));
    await assert.rejects(paginateCursor(query, { orderBy: [{ column: "id" }] }), /"uniqueBy"/);
  });

  it("walks over a common table expression", async () => {
    const query = db.with("mine", (db) => db.selectFrom("orders").selectAll().where(openOrPaid))
      .selectFrom("mine").select(["id", "status"]);
    await walks(query, { orderBy: [{ column: "status" }] }, query.orderBy("status").orderBy("id"));
  });

  it("walks over a derived table", async () => {
    const query = db.selectFrom((eb) => eb.selectFrom("orders").selectAll().as("o"))
      .select(["o.id", "o.total"]);
    await walks(query, { orderBy: [{ column: "o.total" }] }, query.orderBy("total").orderBy("id"));
  });

  it("keeps DISTINCT ON with its own order", {
    skip: dialect.dialect !== "postgres" && "only PostgreSQL has it",
  }, async () => {
    const query = db.selectFrom("orders").distinctOn("customer_id").select(["customer_id", "total"])
      .orderBy("customer_id").orderBy("total", "desc").orderBy("id");
    const rows = await query.execute();
    const found = await bothWays(query, {
      orderBy: [{ column: "customer_id", direction: "desc" }],
      uniqueBy: [],
      limit: 2,
    });
    assert.deepEqual(found, rows.toReversed());
  });

  it("uses no NULL conditions for a column that has none", async () => {
    const query = db.selectFrom("orders").select("id");
    await walks(
      query,
      { orderBy: [{ column: "status", nullable: false }] },
      query.orderBy("status").orderBy("id"),
    );
  });

  it("goes on from an empty page, in both directions", async () => {
    const query = db.selectFrom("orders").select("id");
    const read = (options: object) =>
      paginateCursor(query, { orderBy: [{ column: "id" }], limit: 2, ...options });
    const first = await read({});
    const cursor = first.pagination.nextCursor;
    await db.transaction().execute(async (trx) => {
      const inside = trx.selectFrom("orders").select("id");
      const inTrx = (options: object) =>
        paginateCursor(inside, { orderBy: [{ column: "id" }], limit: 2, ...options });
      await trx.deleteFrom("orders").where("id", ">", 11).execute();
      const empty = await inTrx({ cursor });
      assert.deepEqual(empty.data, []);
      assert.equal(empty.pagination.hasNext, false);
      assert.equal(empty.pagination.hasPrev, true);
      const back = await inTrx({ cursor: empty.pagination.prevCursor });
      assert.deepEqual(back.data, [{ id: 10 }, { id: 11 }]);
      await trx.insertInto("orders").values({ id: 12, customer_id: 2, total: 5, status: "paid" })
        .execute();
      const again = await inTrx({ cursor: empty.pagination.prevCursor, direction: "forward" });
      assert.deepEqual(again.data, [{ id: 12 }]);
      throw new Error("roll back");
    }).catch((error: Error) => assert.equal(error.message, "roll back"));
  });

  it("gives the last page without a cursor, going backwards", async () => {
    const query = db.selectFrom("orders").select("id");
    const page = await paginateCursor(query, {
      orderBy: [{ column: "id" }],
      limit: 3,
      direction: "backward",
    });
    assert.deepEqual(page.data, [{ id: 14 }, { id: 15 }, { id: 16 }]);
    assert.equal(page.pagination.hasNext, false);
    assert.equal(page.pagination.hasPrev, true);
  });

  it("counts all rows where that is asked for", async () => {
    const query = db.selectFrom("orders").select("id");
    const options = { orderBy: [{ column: "id" as const }], limit: 2, total: "exact" as const };
    const first = await paginateCursor(query, options);
    assert.equal(first.pagination.total, 7);
    const second = await paginateCursor(query, { ...options, cursor: first.pagination.nextCursor });
    assert.equal(second.pagination.total, 7);
  });
});
