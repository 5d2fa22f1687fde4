import assert from "node:assert/strict";
import { it } from "node:test";
import { sql } from "kysely";
import { describeShop } from "../testing/with_shop.ts";
import { stockUp } from "../testing/with_products.ts";
import { CONDITIONS, findContradictions } from "./conditions.ts";

/** Damage that each of the conditions has to find. */
const DAMAGE: Readonly<Record<string, ReturnType<typeof sql>>> = {
  "stock is what has come in and gone out": sql`update stock set on_hand = on_hand + 1`,
  "an order comes to the sum of its lines, and has as many as it says":
    sql`update orders set line_count = line_count + 1`,
  "what was ordered has left stock, and what was cancelled has come back":
    sql`update orders set status = 'cancelled' where status = 'paid'`,
  "pieces move for lines of orders":
    sql`update stock_movements set kind = 'return' where kind = 'sale'`,
  "a payment is of the total of its order": sql`update payments set amount = amount - 1`,
  "an order is paid exactly if it was charged and not refunded":
    sql`update payments set status = 'declined' where kind = 'charge'`,
  "the messages of an order are numbered without gaps": sql`delete from outbox where sequence = 1`,
  "messages are delivered in their order":
    sql`update outbox set delivered_at = null where sequence = 1`,
  "a message that was delivered was applied": sql`update loyalty_inbox set last_sequence = 1`,
  "a customer has the points of the orders, each counted once":
    sql`update loyalty_accounts set points = points * 2`,
  "no order and no payment is left halfway": sql`update orders set status = 'placed'`,
  "every message was applied": sql`delete from loyalty_inbox`,
  "there are points for what was paid, and for nothing else":
    sql`update loyalty_inbox set points = points + 1`,
};

/** What the database itself refuses, by a CHECK. */
const REFUSED = ["nothing is sold that is not there"];

describeShop("the conditions", (test) => {
  it("hold for orders of every kind", async () => {
    const { client, payments, settle, db } = test();
    await stockUp(test(), { tea: 20 });
    const ada = await client.signUp("ada");
    await ada.order({ tea: 1 });
    await settle();
    payments.next("declines");
    await ada.order({ tea: 1 });
    await settle();
    const { order } = (await ada.order({ tea: 1 })).body;
    await settle();
    await ada.post(`/orders/${order.id}/cancel`);
    assert.deepEqual(await findContradictions(db, { atRest: false }), []);
    await settle();
    assert.deepEqual(await findContradictions(db, { atRest: true }), []);
  });

  for (const { name } of CONDITIONS) {
    if (REFUSED.includes(name)) continue;
    it(`find the damage: ${name}`, async () => {
      const { db } = test();
      const undo = new Error("undo");
      await assert.rejects(
        db.transaction().execute(async (trx) => {
          await DAMAGE[name]!.execute(trx);
          const found = await findContradictions(trx, { atRest: true });
          assert.ok(found.some(({ condition }) => condition === name), JSON.stringify(found));
          throw undo;
        }),
        undo,
      );
    });
  }

  it("are helped by the database: it refuses to sell what is not there", async () => {
    const { db } = test();
    await assert.rejects(sql`update stock set on_hand = -1`.execute(db));
  });
});
