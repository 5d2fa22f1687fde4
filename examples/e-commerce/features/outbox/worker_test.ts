import assert from "node:assert/strict";
import { it } from "node:test";
import { findContradictions } from "../../consistency/conditions.ts";
import { describeShop } from "../../testing/with_shop.ts";
import { stockUp } from "../../testing/with_products.ts";
import { applyToPoints } from "../loyalty/consumer.ts";
import { createConsumers } from "./consumers.ts";
import type { Message } from "./messages.ts";
import { createWorker } from "./worker.ts";

describeShop("the worker", (test) => {
  it("delivers a message again, if the process ends before that is written down", async () => {
    const { client, shop, provider, db, settle } = test();
    await stockUp(test(), { "a-tea": 5 });
    const ada = await client.signUp("a-ada");
    await ada.order({ "a-tea": 3 });
    const kinds: string[] = [];
    // Everything was done, and then the process has ended: the lease has, too.
    const dies = createWorker(shop.system, [
      ...createConsumers(shop.system, provider),
      ({ kind }) => {
        kinds.push(kind);
        return Promise.reject(new Error("killed"));
      },
    ], { backoff: () => 0 });
    await dies.deliver();
    await dies.deliver();
    assert.deepEqual(kinds, ["order.placed", "order.placed"]);
    await settle();
    assert.equal((await ada.get("/user")).body.points, 30);
    const messages = await db.selectFrom("outbox").select(["kind", "attempts"]).orderBy("id")
      .execute();
    assert.deepEqual(messages.map(({ kind, attempts }) => [kind, Number(attempts)]), [
      ["order.placed", 3],
      ["order.paid", 1],
    ]);
    assert.deepEqual(await findContradictions(db, { atRest: true }), []);
  });

  it("delivers each message to one of many workers, and those of an order in their order", async () => {
    const { client, shop, provider, settle } = test();
    await stockUp(test(), { "b-tea": 20 });
    const ada = await client.signUp("b-ada");
    const orders: string[] = [];
    for (let i = 0; i < 6; i++) {
      const { order } = (await ada.order({ "b-tea": 1 })).body;
      orders.push(order.id);
      if (i % 2 === 0) await ada.post(`/orders/${order.id}/cancel`);
    }
    const seen: Message[] = [];
    const workers = Array.from({ length: 4 }, () =>
      createWorker(shop.system, [
        ...createConsumers(shop.system, provider),
        (message) => {
          seen.push(message);
          return Promise.resolve();
        },
      ], { concurrency: 3 }));
    while ((await Promise.all(workers.map((worker) => worker.deliver()))).some(Boolean));
    await settle();
    for (const id of orders) {
      const sequences = seen.filter(({ orderId }) => orderId === id)
        .map(({ sequence }) => sequence);
      assert.deepEqual(sequences, sequences.map((_, i) => i + 1));
    }
    assert.equal(seen.length, 3 * 2 + 3 * 3);
  });

  it("takes over from one that is gone when its lease has ended", async () => {
    const { client, shop, db, work } = test();
    await stockUp(test(), { "c-tea": 5 });
    const ada = await client.signUp("c-ada");
    await ada.order({ "c-tea": 1 });
    // A lease that has ended as soon as it begins: the first worker is as good as gone.
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow = createWorker(shop.system, [() => {
      begun.resolve();
      return held.promise;
    }], { lease: -1 });
    const delivery = slow.deliver();
    await begun.promise;
    assert.equal(await work().deliver(), 1);
    held.resolve();
    await delivery;
    await test().settle();
    assert.deepEqual(await findContradictions(db, { atRest: true }), []);
  });

  it("looks at once when it is woken, and stops when it is told to", async () => {
    const { client, shop } = test();
    await stockUp(test(), { "d-tea": 5 });
    const ada = await client.signUp("d-ada");
    const seen = Promise.withResolvers<void>();
    const worker = createWorker(shop.system, [() => Promise.resolve(seen.resolve())], {
      interval: 60_000,
    });
    const stop = new AbortController();
    const working = worker.run(stop.signal);
    await ada.order({ "d-tea": 1 });
    worker.wake();
    await seen.promise;
    stop.abort();
    await working;
  });

  it("has consumers that refuse a message before its turn, and pass over copies", async () => {
    const { client, shop, settle } = test();
    await stockUp(test(), { "e-tea": 5 });
    const ada = await client.signUp("e-ada");
    const { order } = (await ada.order({ "e-tea": 2 })).body;
    const message = { orderId: order.id, sequence: 2, kind: "order.paid" } as const;
    await assert.rejects(applyToPoints(shop.system, message), /message 1 is missing/);
    await settle();
    await Promise.all([1, 2, 3].map(() => applyToPoints(shop.system, message)));
    assert.equal((await ada.get("/user")).body.points, 20);
  });
});
