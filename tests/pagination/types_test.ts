import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { executeGroupedCount, paginate, paginateCursor } from "@kysera/core";
import { createExecutor } from "@kysera/executor";
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Shop } from "./_shop.ts";

// What must not compile is marked; `deno check` fails where it does
describe("the types of pagination", () => {
  const db = new Kysely<Shop>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });

  it("give the rows of the query", async () => {
    const query = db.selectFrom("orders").select(["id", "status as state"]);
    const { data } = await paginateCursor(query, { orderBy: [{ column: "total" }] });
    const rows: { id: number; state: string }[] = data;
    assert.deepEqual(rows, []);
    // @ts-expect-error: the column is not selected
    data[0]?.total;
    const executor = await createExecutor(db, []);
    const page = await paginate(executor.selectFrom("orders").select("id"), { total: "none" });
    const ids: number[] = page.data.map(({ id }) => id);
    assert.deepEqual(ids, []);
  });

  it("take columns of the tables and of the result, and no others", async () => {
    const query = db.selectFrom("orders as o").innerJoin("customers as c", "c.id", "o.customer_id")
      .select(["o.id", "c.name as customer"]);
    for (const column of ["o.total", "c.city", "customer", "total"] as const) {
      await paginateCursor(query, { orderBy: [{ column }] });
    }
    const wrong = [
      // @ts-expect-error: there is no such column
      paginateCursor(query, { orderBy: [{ column: "colour" }] }),
      // @ts-expect-error: there is no such column in the table
      paginateCursor(query, { orderBy: [{ column: "o.city" }] }),
      // @ts-expect-error: there is no such table
      paginateCursor(query, { orderBy: [{ column: "orders.total" }] }),
      // @ts-expect-error: there is no such column to count by
      executeGroupedCount(query, "colour").catch(() => {}),
    ];
    await Promise.all(wrong);
  });

  it("take no options that there are not", async () => {
    const query = db.selectFrom("orders").select("id");
    const wrong = [
      // @ts-expect-error: there is no such option
      paginate(query, { pageSize: 7 }),
      // @ts-expect-error: there is no such direction
      paginateCursor(query, { orderBy: [{ column: "id", direction: "up" }] }),
      // @ts-expect-error: an order is needed
      paginateCursor(query, { limit: 7 }),
    ];
    for (const one of wrong) await assert.rejects(one);
  });
});
