import assert from "node:assert/strict";
import { it } from "node:test";
import { findContradictions } from "../../consistency/conditions.ts";
import { describeShop } from "../../testing/with_shop.ts";
import { stockUp } from "../../testing/with_products.ts";

describeShop("orders", (test) => {
  const inStock = async (sku: string): Promise<number> =>
    (await test().client.get(`/products/${sku}`)).body.product.inStock;
  const assertConsistent = async () => {
    assert.deepEqual(await findContradictions(test().db, { atRest: true }), []);
  };

  it("take what was bought from stock and the cart, and are paid", async () => {
    const { client, settle } = test();
    await stockUp(test(), { "a-tea": 5, "a-cup": 9 });
    const ada = await client.signUp("a-ada");
    const { status, body } = await ada.order({ "a-tea": 2, "a-cup": 3 });
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual([body.order.status, body.order.total], ["placed", 5000]);
    assert.deepEqual([await inStock("a-tea"), await inStock("a-cup")], [3, 6]);
    assert.deepEqual((await ada.get("/cart")).body.cart.lines, []);

    await settle();
    const { order } = (await ada.get(`/orders/${body.order.id}`)).body;
    assert.equal(order.status, "paid");
    assert.deepEqual(order.payments, [{ kind: "charge", status: "succeeded", amount: 5000 }]);
    assert.equal((await ada.get("/user")).body.points, 50);
    await assertConsistent();
  });

  it("are placed once, however often the request comes", async () => {
    const { client } = test();
    await stockUp(test(), { "b-tea": 10 });
    const ada = await client.signUp("b-ada");
    await ada.put("/cart/items/b-tea", { quantity: 2 });
    const request = ada.with({ "idempotency-key": "one" });
    const replies = await Promise.all(
      [1, 2, 3, 4, 5].map(() => request.post("/orders", { total: 2000 })),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 200, 200, 200, 201]);
    assert.equal(new Set(replies.map(({ body }) => body.order.id)).size, 1);
    assert.equal(await inStock("b-tea"), 8);

    const other = await request.post("/orders", { total: 1000 });
    assert.equal(other.status, 422);
    assert.deepEqual(other.body.errors, { "idempotency-key": ["was used for another request"] });
    const without = await ada.post("/orders", { total: 2000 });
    assert.deepEqual(without.body.errors, { "idempotency-key": ["is missing"] });
    // The key of somebody else is another key.
    const bob = await client.signUp("b-bob");
    assert.equal((await bob.order({ "b-tea": 1 }, "one")).status, 201);
  });

  it("sell a cart once, though two tabs buy it at the same time", async () => {
    const { client } = test();
    await stockUp(test(), { "c-tea": 10 });
    const ada = await client.signUp("c-ada");
    await ada.put("/cart/items/c-tea", { quantity: 3 });
    const replies = await Promise.all(
      ["one", "two"].map((key) =>
        ada.with({ "idempotency-key": key }).post("/orders", { total: 3000 })
      ),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 422]);
    assert.equal(await inStock("c-tea"), 7);
  });

  it("are refused where there is not enough, where the price has changed, and without a cart", async () => {
    const { client } = test();
    const office = await stockUp(test(), { "d-tea": 2, "d-cup": 2 });
    const ada = await client.signUp("d-ada");
    const short = await ada.order({ "d-cup": 1, "d-tea": 3 });
    assert.equal(short.status, 409);
    assert.deepEqual(short.body.errors, { stock: ['has not enough of "d-tea"'] });
    assert.deepEqual([await inStock("d-cup"), await inStock("d-tea")], [2, 2]);
    assert.equal((await ada.get("/cart")).body.cart.lines.length, 2);

    const product = await office.products.findOneOrThrow({ where: { sku: "d-cup" } });
    await office.products.update(product.id, { price: 1500 });
    await ada.delete("/cart/items/d-tea");
    const dear = await ada.with({ "idempotency-key": "x" }).post("/orders", { total: 1000 });
    assert.deepEqual([dear.status, dear.body.errors], [409, { total: ["is €15.00 now"] }]);

    await ada.delete("/cart/items/d-cup");
    const empty = await ada.with({ "idempotency-key": "x" }).post("/orders", { total: 1500 });
    assert.deepEqual([empty.status, empty.body.errors], [422, { cart: ["is empty"] }]);
  });

  it("are cancelled: before the charge for nothing, after it against a refund", async () => {
    const { client, payments, settle } = test();
    await stockUp(test(), { "e-tea": 5 });
    const ada = await client.signUp("e-ada");
    await settle();
    const booked = payments.bookings.size;
    const early = (await ada.order({ "e-tea": 1 })).body.order;
    const cancelled = await ada.post(`/orders/${early.id}/cancel`);
    assert.deepEqual([cancelled.status, cancelled.body.order.status], [202, "cancelling"]);
    await settle();
    assert.equal((await ada.get(`/orders/${early.id}`)).body.order.status, "cancelled");
    assert.equal(payments.bookings.size, booked);

    const late = (await ada.order({ "e-tea": 2 })).body.order;
    await settle();
    assert.equal((await ada.get("/user")).body.points, 20);
    await Promise.all([1, 2].map(() => ada.post(`/orders/${late.id}/cancel`)));
    await settle();
    const { order } = (await ada.get(`/orders/${late.id}`)).body;
    assert.equal(order.status, "refunded");
    assert.deepEqual(order.payments.map(({ kind }: { kind: string }) => kind), [
      "charge",
      "refund",
    ]);
    assert.equal(await inStock("e-tea"), 5);
    assert.equal((await ada.get("/user")).body.points, 0);
    // To ask again changes nothing.
    const again = await ada.post(`/orders/${late.id}/cancel`);
    assert.equal(again.body.order.status, "refunded");
    await assertConsistent();
  });

  it("belong to their customers: others do not find them, and clerks do not cancel them", async () => {
    const { client, shop } = test();
    const office = await stockUp(test(), { "f-tea": 5 });
    const ada = await client.signUp("f-ada");
    const bob = await client.signUp("f-bob");
    const { order } = (await ada.order({ "f-tea": 1 })).body;
    assert.equal((await bob.get(`/orders/${order.id}`)).status, 404);
    assert.equal((await bob.post(`/orders/${order.id}/cancel`)).status, 404);
    assert.deepEqual((await bob.get("/orders")).body.orders, []);
    assert.equal((await client.get(`/orders/${order.id}`)).status, 401);
    assert.equal((await office.orders.getById(order.id)).id, order.id);

    // What no request can do either: a customer's repositories place no orders and take no stock.
    const { id } = await shop.system.users.findOneOrThrow({ where: { name: "f-bob" } });
    const own = shop.on({ userId: id, role: "customer" });
    const row = {
      id: crypto.randomUUID(),
      user_id: id,
      status: "paid",
      total: 1,
      line_count: 1,
      message_count: 1,
      idempotency_key: "x",
      placed_on: "2026-01-01",
    } as const;
    await assert.rejects(own.orders.create(row), { name: "RLSPolicyViolation" });
    await assert.rejects(own.executor.updateTable("stock").set({ on_hand: 0 }).execute(), {
      name: "RLSPolicyViolation",
    });
    assert.deepEqual(await own.payments.find(), []);
    // Not even the till places one for somebody else.
    const till = shop.till({ userId: id, role: "customer" });
    await assert.rejects(till.orders.create({ ...row, user_id: office.userId }), {
      name: "RLSPolicyViolation",
    });
  });

  it("are listed by cursor, the newest first", async () => {
    const { client } = test();
    await stockUp(test(), { "g-tea": 5 });
    const ada = await client.signUp("g-ada");
    const placed: string[] = [];
    for (let i = 0; i < 3; i++) placed.unshift((await ada.order({ "g-tea": 1 })).body.order.id);
    const first = (await ada.get("/orders?limit=2")).body;
    const second = (await ada.get(`/orders?limit=2&cursor=${first.nextCursor}`)).body;
    const ids = [...first.orders, ...second.orders].map(({ id }) => id);
    assert.deepEqual(ids.sort(), placed.sort());
    assert.equal(second.nextCursor, null);
    const forged = await ada.get("/orders?cursor=forged");
    assert.deepEqual([forged.status, forged.body.errors], [422, { cursor: ["is invalid"] }]);
  });
});
