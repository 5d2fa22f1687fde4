import assert from "node:assert/strict";
import { it } from "node:test";
import { findContradictions } from "../../consistency/conditions.ts";
import { describeShop } from "../../testing/with_shop.ts";
import { stockUp } from "../../testing/with_products.ts";
import { readPayment } from "../../testing/read_payment.ts";

describeShop("payments", (test) => {
  const assertConsistent = async () => {
    assert.deepEqual(await findContradictions(test().db, { atRest: true }), []);
  };

  it("are made once by a provider that is silent, broken, late, or says everything twice", async () => {
    const { client, payments, settle } = test();
    await stockUp(test(), { "a-tea": 20 });
    const ada = await client.signUp("a-ada");
    for (const behavior of ["silent", "broken", "late", "twice"] as const) {
      const { order } = (await ada.order({ "a-tea": 1 })).body;
      payments.next(behavior);
      await settle();
      assert.equal((await ada.get(`/orders/${order.id}`)).body.order.status, "paid", behavior);
      const { id } = await readPayment(test(), order.id, "charge");
      const booking = payments.bookings.get(id)!;
      assert.deepEqual([booking.kind, booking.amount], ["charge", 1000]);
      // A second report comes after all that.
      assert.equal(await payments.report({ id, status: "succeeded" }), 204);
    }
    assert.equal(payments.bookings.size, 4);
    await assertConsistent();
  });

  it("that are declined cancel the order, and the pieces go back", async () => {
    const { client, payments, settle } = test();
    await stockUp(test(), { "b-tea": 2 });
    const ada = await client.signUp("b-ada");
    payments.next("declines");
    const { order } = (await ada.order({ "b-tea": 2 })).body;
    await settle();
    const { body } = await ada.get(`/orders/${order.id}`);
    assert.equal(body.order.status, "cancelled");
    assert.deepEqual(body.order.payments, [{ kind: "charge", status: "declined", amount: 2000 }]);
    assert.equal((await client.get("/products/b-tea")).body.product.inStock, 2);
    await assertConsistent();
  });

  it("that are late are refunded, if the order was cancelled while nobody knew", async () => {
    const { client, payments, settle, work } = test();
    await stockUp(test(), { "c-tea": 1 });
    const ada = await client.signUp("c-ada");
    const { order } = (await ada.order({ "c-tea": 1 })).body;
    payments.next("late");
    // The charge was begun, and its result is not known.
    await work().deliver();
    assert.equal((await ada.post(`/orders/${order.id}/cancel`)).body.order.status, "cancelling");
    payments.next("silent");
    await settle();
    const { body } = await ada.get(`/orders/${order.id}`);
    assert.equal(body.order.status, "refunded");
    assert.equal((await client.get("/products/c-tea")).body.product.inStock, 1);
    await assertConsistent();
  });

  it("are reported by the provider alone", async () => {
    const { client, payments, work } = test();
    await stockUp(test(), { "d-tea": 1 });
    const ada = await client.signUp("d-ada");
    const { order } = (await ada.order({ "d-tea": 1 })).body;
    payments.next("late");
    await work().deliver();
    const { id } = await readPayment(test(), order.id, "charge");
    const result = { id, status: "succeeded" } as const;
    assert.equal(await payments.report(result, "a secret that somebody has guessed"), 401);
    assert.equal((await ada.get(`/orders/${order.id}`)).body.order.status, "placed");
    const unknown = crypto.randomUUID();
    assert.equal(await payments.report({ id: unknown, status: "succeeded" }), 404);

    // The report comes before the worker asks again, and twice at once.
    const statuses = await Promise.all([payments.report(result), payments.report(result)]);
    assert.deepEqual(statuses, [204, 204]);
    assert.equal((await ada.get(`/orders/${order.id}`)).body.order.status, "paid");
    await test().settle();
    await assertConsistent();
  });
});
