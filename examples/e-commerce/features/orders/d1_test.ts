import { d1Dialect } from "@kysera/dialects";
import { Kysely } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { findContradictions } from "../../consistency/conditions.ts";
import * as users from "../../migrations/001_users.ts";
import * as catalogue from "../../migrations/002_catalogue.ts";
import * as orders from "../../migrations/003_orders.ts";
import * as loyalty from "../../migrations/004_loyalty.ts";
import type { Database } from "../../platform/schema.ts";
import { createShop, type Shop } from "../../platform/shop.ts";
import { startEdgeRuntime } from "../../testing/edge_runtime.ts";
import { createTestPayments } from "../../testing/test_payments.ts";
import { stockUp } from "../../testing/with_products.ts";
import { setItem } from "../cart/queries.ts";
import { MAX_LINES } from "../cart/schema.ts";
import { createConsumers } from "../outbox/consumers.ts";
import { createWorker } from "../outbox/worker.ts";
import { createProvider } from "../payments/provider.ts";
import { cancelOrder, getOrder, placeOrder } from "./queries.ts";

const { runtime, skip } = await startEdgeRuntime();

describe("orders on D1, which has no interactive transactions", { skip: skip ?? false }, () => {
  let db: Kysely<Database>;
  let shop: Shop;

  before(async () => {
    db = new Kysely<Database>({ dialect: d1Dialect({ database: await runtime!.openD1() }) });
    // The runner of migrations needs transactions; a deployment would use what `wrangler` has.
    for (const { up } of [users, catalogue, orders, loyalty]) await up(db);
    shop = await createShop(db, { audit: false });
  });
  after(async () => {
    await db.destroy();
    await runtime!.close();
  });

  const customer = async (name: string) => {
    const user = { name, email: `${name}@example.org`, password_hash: "", role: "customer" };
    const { id } = await shop.system.users.create(user as typeof user & { role: "customer" });
    return { userId: id, role: "customer" } as const;
  };
  const left = async (sku: string) => {
    const product = await shop.system.products.findOneOrThrow({
      where: { sku },
      include: { stock: true },
    });
    return product.stock?.on_hand;
  };

  it("are placed as one batch, paid, cancelled and refunded", async () => {
    await stockUp({ shop }, { tea: 3, cup: 9 });
    const ada = await customer("ada");
    await setItem(shop.on(ada), "tea", 2);
    await setItem(shop.on(ada), "cup", 2);
    const request = { total: 4000, idempotencyKey: "one", checkout: "batch" } as const;
    const { order } = await placeOrder(shop, ada, request);
    assert.deepEqual([await left("tea"), await left("cup")], [1, 7]);
    assert.equal((await placeOrder(shop, ada, request)).isReplay, true);

    const payments = createTestPayments(() => new Response(), "");
    const provider = createProvider(payments.fetch, "http://payments.localhost", 5_000);
    const worker = createWorker(shop.system, createConsumers(shop.system, provider), {
      backoff: () => 0,
    });
    payments.next("broken");
    while (await worker.deliver() > 0);
    assert.equal((await getOrder(shop.on(ada), order.id)).status, "paid");
    await cancelOrder(shop, ada, order.id);
    while (await worker.deliver() > 0);
    assert.equal((await getOrder(shop.on(ada), order.id)).status, "refunded");
    assert.deepEqual([await left("tea"), await left("cup")], [3, 9]);
    assert.deepEqual(await findContradictions(db, { atRest: true }), []);
  });

  it("may have as many lines as a cart holds, though a statement has 100 parameters at most", async () => {
    const eve = await customer("eve");
    const now = new Date().toISOString();
    const times = { created_at: now, updated_at: now };
    const ids = Array.from({ length: MAX_LINES }, (_, i) => 100 + i);
    // By few statements, as each takes its time here.
    await db.insertInto("products").values(
      ids.map((id) => ({
        id,
        sku: `full-${id}`,
        name: "Full",
        description: "",
        price: 1000,
        ...times,
      })),
    ).execute();
    await db.insertInto("stock")
      .values(ids.map((id) => ({ product_id: id, on_hand: 1, updated_at: now }))).execute();
    await db.insertInto("stock_movements").values(
      ids.map((id) => ({
        id: crypto.randomUUID(),
        product_id: id,
        kind: "receipt" as const,
        quantity: 1,
        order_id: null,
        created_at: now,
      })),
    ).execute();
    await db.insertInto("cart_items").values(
      ids.map((id) => ({ user_id: eve.userId, product_id: id, quantity: 1, ...times })),
    ).execute();
    const request = { total: 1000 * MAX_LINES, idempotencyKey: "one", checkout: "batch" } as const;
    const { order } = await placeOrder(shop, eve, request);
    assert.equal(order.lines.length, MAX_LINES);
    await cancelOrder(shop, eve, order.id);
    const payments = createTestPayments(() => new Response(), "");
    const provider = createProvider(payments.fetch, "http://payments.localhost", 5_000);
    const worker = createWorker(shop.system, createConsumers(shop.system, provider));
    while (await worker.deliver() > 0);
    assert.equal((await getOrder(shop.on(eve), order.id)).status, "cancelled");
    assert.deepEqual(await findContradictions(db, { atRest: true }), []);
  });

  it("take nothing if one of the products is not there", async () => {
    const bob = await customer("bob");
    await setItem(shop.on(bob), "cup", 1);
    await setItem(shop.on(bob), "tea", 4);
    await assert.rejects(
      placeOrder(shop, bob, { total: 5000, idempotencyKey: "one", checkout: "batch" }),
      { name: "ApiError", status: 409 },
    );
    assert.deepEqual([await left("tea"), await left("cup")], [3, 9]);
    assert.deepEqual(await findContradictions(db, { atRest: true }), []);
  });
});
