import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import {
  applyDateRange,
  applyOffset,
  BadRequestError,
  executeCount,
  executeGroupedCount,
  paginate,
  paginateCursor,
  paginateCursorSimple,
} from "@kysera/core";
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { openOrPaid, openShop, type Shop } from "./_shop.ts";

onEveryDialect("totals", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<Shop>;

  before(async () => {
    database = await openShop(dialect);
    db = database.db;
  });

  after(() => database.close());

  const queries = (): Record<string, SelectQueryBuilder<any, any, any>> => {
    const orders = db.selectFrom("orders");
    const join = orders.innerJoin("customers", "customers.id", "orders.customer_id");
    return {
      "all rows": orders.selectAll(),
      "rows without a select list": orders,
      "a join with columns of the same name": join.selectAll(),
      "a left join": db.selectFrom("customers").leftJoin("orders", "customer_id", "customers.id")
        .selectAll("customers"),
      "a filter in raw SQL": orders.selectAll().where(openOrPaid),
      "groups": orders.groupBy("status").select("status"),
      "groups by an expression": orders.groupBy(sql`total is null`).select((eb) =>
        eb.fn.countAll().as("n")
      ),
      "groups with HAVING": orders.groupBy("status").select("status")
        .having((eb) => eb.fn.countAll(), ">", 2),
      "HAVING without groups": orders.select((eb) => eb.fn.countAll().as("n"))
        .having((eb) => eb.fn.countAll(), ">", 100),
      "an aggregate": orders.select((eb) => eb.fn.max("total").as("most")),
      "an aggregate in raw SQL": orders.select(sql`max(total)`.as("most")),
      "an aggregate beside a window": orders.select((eb) =>
        eb.fn.countAll().over((over) => over.partitionBy("status")).as("n")
      ),
      "distinct rows": orders.select("total").distinct(),
      "a union": orders.select("total").union(orders.select("total")),
      "a union of all": orders.select("total").unionAll(orders.select("total")),
      "a limit": orders.select("id").orderBy("id").limit(3),
      "a limit and an offset": orders.select("id").orderBy("id").limit(3).offset(6),
      "an order": orders.select("id").orderBy("total").orderBy(sql`status`),
      "a common table expression": db.with(
        "mine",
        (db) => db.selectFrom("orders").selectAll().where("status", "=", "open"),
      )
        .selectFrom("mine").selectAll(),
      "no rows": orders.selectAll().where("id", "<", 0),
      "a subquery in the select list": orders.selectAll().select((eb) =>
        eb.selectFrom("tags").whereRef("order_id", "=", "orders.id")
          .select((eb) => eb.fn.countAll().as("n")).as("n")
      ),
    };
  };

  it("are what the query itself would give", async () => {
    for (const [name, query] of Object.entries(queries())) {
      const runnable = name === "rows without a select list" ? query.select("id") : query;
      const expected = (await runnable.execute()).length;
      assert.equal(await executeCount(query), expected, name);
    }
  });

  it("do not mind locks", {
    skip: dialect.dialect === "sqlite" && "SQLite has none",
  }, async () => {
    assert.equal(await executeCount(db.selectFrom("orders").selectAll().forUpdate()), 7);
  });

  it("count what unnest() makes of a row", {
    skip: dialect.dialect !== "postgres" && "only PostgreSQL has it",
  }, async () => {
    const query = db.selectFrom("orders").select(sql`unnest(array[1, 2])`.as("n"));
    assert.equal(await executeCount(query), 14);
  });

  it("are kept apart by the value of a column", async () => {
    const orders = db.selectFrom("orders");
    assert.deepEqual(
      await executeGroupedCount(orders.selectAll(), "status"),
      { open: 3, paid: 3, gone: 1 },
    );
    assert.deepEqual(
      await executeGroupedCount(orders.select("id").where(openOrPaid), "orders.total"),
      { null: 2, 5: 2, 7: 1, 1: 1 },
    );
    assert.deepEqual(
      await executeGroupedCount(orders.select(["customer_id", "status"]).distinct(), "status"),
      { open: 2, paid: 3, gone: 1 },
    );
    const named = orders.select(sql<string>`upper(status)`.as("upper"));
    assert.deepEqual(await executeGroupedCount(named, "upper"), { OPEN: 3, PAID: 3, GONE: 1 });
    assert.deepEqual(
      await executeGroupedCount(orders.select("status").orderBy("id").limit(2), "status"),
      { open: 1, paid: 1 },
    );
    assert.deepEqual(await executeGroupedCount(orders.where("id", "<", 0), "status"), {});
    const worded: SelectQueryBuilder<any, any, any> = db.selectFrom(
      orders.select((eb) =>
        eb.case().when("id", "<", 12).then(null).when("id", "<", 14).then("null").else("a").end()
          .as("word")
      ).as("t"),
    ).selectAll();
    await assert.rejects(
      executeGroupedCount(worded, "word"),
      /NULL and the text "null" both occur/,
    );
    assert.deepEqual(
      await executeGroupedCount(worded.where("word", "is not", null), "word"),
      { null: 2, a: 3 },
    );
  });
});

onEveryDialect("paginate()", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<Shop>;

  before(async () => {
    database = await openShop(dialect);
    db = database.db;
  });

  after(() => database.close());

  const orders = () => db.selectFrom("orders").select("id").orderBy("id");

  it("gives each page, and where it stands", async () => {
    const pages = [];
    for (const page of [1, 2, 3, 4]) pages.push(await paginate(orders(), { page, limit: 3 }));
    assert.deepEqual(pages.map(({ data }) => data.map(({ id }) => id)), [
      [10, 11, 12],
      [13, 14, 15],
      [16],
      [],
    ]);
    const common = { limit: 3, total: 7, totalPages: 3 };
    assert.deepEqual(pages.map(({ pagination }) => pagination), [
      { page: 1, ...common, hasNext: true, hasPrev: false },
      { page: 2, ...common, hasNext: true, hasPrev: true },
      { page: 3, ...common, hasNext: false, hasPrev: true },
      { page: 4, ...common, hasNext: false, hasPrev: true },
    ]);
  });

  it("gives the first twenty rows where nothing is said", async () => {
    const { data, pagination } = await paginate(orders());
    assert.equal(data.length, 7);
    assert.equal(pagination.page, 1);
    assert.equal(pagination.limit, 20);
  });

  it("brings page and limit into their range", async () => {
    const options = { page: -3, limit: 1e9 };
    const { pagination } = await paginate(orders(), options);
    assert.equal(pagination.page, 1);
    assert.equal(pagination.limit, 10_000);
    assert.equal((await paginate(orders(), { page: 1e12 })).pagination.page, 1_000_000);
  });

  it("gives the total alone for a limit of 0", async () => {
    assert.deepEqual(await paginate(orders(), { limit: 0 }), {
      data: [],
      pagination: { page: 1, limit: 0, total: 7, totalPages: 0, hasNext: false, hasPrev: false },
    });
  });

  it("does without a total", async () => {
    assert.deepEqual(await paginate(orders(), { page: 2, limit: 4, total: "none" }), {
      data: [{ id: 14 }, { id: 15 }, { id: 16 }],
      pagination: { page: 2, limit: 4, hasNext: false, hasPrev: true },
    });
    const first = await paginate(orders(), { limit: 4, total: "none" });
    assert.equal(first.data.length, 4);
    assert.equal(first.pagination.hasNext, true);
  });

  it("does with an estimate, and never says less than it saw", async () => {
    const { data, pagination } = await paginate(orders(), { limit: 4, total: "estimate" });
    assert.equal(data.length, 4);
    assert.equal(pagination.hasNext, true);
    assert.ok(pagination.total! >= 5);
    const none = await paginate(orders().where("id", "=", 0), { total: "estimate" });
    assert.ok(Number.isInteger(none.pagination.total));
  });

  it("has the total of groups", async () => {
    const query = db.selectFrom("orders").groupBy("status").select("status").orderBy("status");
    const page = await paginate(query, { page: 2, limit: 2 });
    assert.deepEqual(page.data, [{ status: "paid" }]);
    assert.equal(page.pagination.total, 3);
  });

  it("refuses a limit in the query, and options that make no sense", async () => {
    const attempts = [
      paginate(orders().limit(3)),
      paginate(orders().offset(3)),
      paginate(orders(), { cursor: "x" } as object),
      paginate(orders(), { page: "2" as never }),
      paginate(orders(), { total: "all" as never }),
      paginate(db.deleteFrom("orders") as never),
    ];
    for (const attempt of attempts) await assert.rejects(attempt, BadRequestError);
  });
});

/** The type of a moment in milliseconds. */
const instant = {
  sqlite: sql`text`,
  mysql: sql`datetime(3)`,
  postgres: sql`timestamptz`,
};

onEveryDialect("helpers", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  before(async () => {
    database = await openShop(dialect);
    db = database.db;
    await db.schema.createTable("visits")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("at", instant[dialect.dialect])
      .execute();
    const days = [
      "2026-01-01T00:00:00.000Z",
      "2026-01-02T00:00:00.000Z",
      "2026-01-03T00:00:00.000Z",
    ];
    await db.insertInto("visits").values(days.map((day, id) => ({
      id,
      at: dialect.dialect === "sqlite" ? day : new Date(day),
    }))).execute();
  });

  after(() => database.close());

  it("applyOffset() respects its bounds", async () => {
    const orders = () => db.selectFrom("orders").select("id").orderBy("id");
    const ids = async (options: object) =>
      (await applyOffset(orders(), options).execute()).map(({ id }) => id);
    assert.deepEqual(await ids({ limit: 2, offset: 1 }), [11, 12]);
    assert.deepEqual(await ids({ offset: 5 }), [15, 16]);
    assert.deepEqual(await ids({ limit: 0 }), [10]);
    assert.deepEqual(await ids({ limit: 1, offset: -4 }), [10]);
    assert.equal((await ids({})).length, 7);
    assert.equal((await applyOffset(orders()).execute()).length, 7);
    assert.equal((await ids({ limit: 1000 })).length, 7);
    assert.throws(() => applyOffset(orders(), { skip: 1 } as object), BadRequestError);
    assert.throws(() => applyOffset(orders(), { limit: NaN }), BadRequestError);
  });

  it("applyDateRange() keeps both ends", async () => {
    const from = new Date("2026-01-01T00:00:00Z");
    const to = new Date("2026-01-02T00:00:00Z");
    const ids = async (options: object) =>
      (await applyDateRange(db.selectFrom("visits").select("id").orderBy("id"), "at", options)
        .execute()).map(({ id }) => id);
    assert.deepEqual(await ids({ from, to }), [0, 1]);
    assert.deepEqual(await ids({ from: to }), [1, 2]);
    assert.deepEqual(await ids({ to: from }), [0]);
    assert.deepEqual(await ids({}), [0, 1, 2]);
    assert.equal(
      (await applyDateRange(db.selectFrom("visits").select("id"), "at").execute()).length,
      3,
    );
    for (const wrong of [{ from: new Date(NaN) }, { to: 7 }, { since: from }, { from: "" }]) {
      await assert.rejects(ids(wrong), BadRequestError);
    }
  });

  it("paginateCursorSimple() goes by id", async () => {
    const query = db.selectFrom("orders").select("status");
    const first = await paginateCursorSimple(query, { limit: 3 });
    assert.deepEqual(first.data.map(({ status }) => status), ["open", "paid", "paid"]);
    const cursor = first.pagination.nextCursor;
    const second = await paginateCursorSimple(query, { limit: 3, cursor });
    assert.deepEqual(second.data.map(({ status }) => status), ["open", "open", "paid"]);
    await assert.rejects(paginateCursorSimple(query, { orderBy: [] } as object), BadRequestError);
  });

  it("no query is begun where the signal is aborted, and none is waited for", async () => {
    const reason = new Error("Cannot wait");
    const query = db.selectFrom("orders").selectAll();
    const orderBy = [{ column: "id" }] as const;
    const signal = AbortSignal.abort(reason);
    await assert.rejects(paginate(query, { signal }), reason);
    await assert.rejects(paginateCursor(query, { orderBy, signal }), reason);
    await assert.rejects(paginateCursorSimple(query, { signal }), reason);
    await assert.rejects(paginate(query, { signal: 5 as never }), /not an AbortSignal/);
    const controller = new AbortController();
    const waiting = paginate(query, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(waiting, reason);
    // The connection is free for others.
    assert.equal(
      (await paginate(query, { signal: new AbortController().signal })).data.length > 0,
      true,
    );
  });
});
