import assert from "node:assert/strict";
import { it } from "node:test";
import { findContradictions } from "../../consistency/conditions.ts";
import { CHECKOUTS } from "../../platform/config.ts";
import { ApiError } from "../../platform/errors.ts";
import { describeShop } from "../../testing/with_shop.ts";
import { stockUp } from "../../testing/with_products.ts";
import { setItem } from "../cart/queries.ts";
import { placeOrder } from "../orders/queries.ts";

const PIECES = 7;
const BUYERS = 12;

describeShop("stock", (test) => {
  /** Creates a customer with products in the cart. */
  const customer = async (items: Readonly<Record<string, number>>) => {
    const { shop } = test();
    const { id } = await shop.system.users.create({
      name: "Buyer",
      email: `${crypto.randomUUID()}@example.org`,
      password_hash: "",
      role: "customer",
    });
    const caller = { userId: id, role: "customer" } as const;
    for (const [sku, quantity] of Object.entries(items)) {
      await setItem(shop.on(caller), sku, quantity);
    }
    return caller;
  };
  const left = async (sku: string): Promise<number> =>
    (await test().client.get(`/products/${sku}`)).body.product.inStock;

  for (const checkout of CHECKOUTS) {
    it(`is never sold twice: ${checkout}`, async () => {
      const { shop, db } = test();
      const [tea, cup] = [`${checkout}-tea`, `${checkout}-cup`];
      await stockUp(test(), { [tea]: PIECES, [cup]: 100 });
      const buyers = [];
      for (let i = 0; i < BUYERS; i++) buyers.push(await customer({ [tea]: 1, [cup]: 2 }));
      const outcomes = await Promise.all(
        buyers.map((caller) =>
          placeOrder(shop, caller, {
            total: 3000,
            idempotencyKey: crypto.randomUUID(),
            checkout,
          }).then(() => "sold", (error) => {
            if (!(error instanceof ApiError)) throw error;
            return `${error.status} ${Object.keys(error.errors)}`;
          })
        ),
      );
      assert.deepEqual(outcomes.sort(), [
        ...Array(BUYERS - PIECES).fill("409 stock"),
        ...Array(PIECES).fill("sold"),
      ]);
      // Who got no tea has taken no cup either.
      assert.deepEqual([await left(tea), await left(cup)], [0, 100 - 2 * PIECES]);
      assert.deepEqual(await findContradictions(db, { atRest: false }), []);
    });
  }

  it("is sold by all ways at the same time", async () => {
    const { shop, db } = test();
    await stockUp(test(), { "mixed-tea": PIECES });
    const buyers = [];
    for (let i = 0; i < 2 * CHECKOUTS.length; i++) buyers.push(await customer({ "mixed-tea": 1 }));
    const outcomes = await Promise.allSettled(
      buyers.map((caller, i) =>
        placeOrder(shop, caller, {
          total: 1000,
          idempotencyKey: "one",
          checkout: CHECKOUTS[i % CHECKOUTS.length]!,
        })
      ),
    );
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    for (const { reason } of refused) assert.equal(reason.status, 409, String(reason));
    assert.equal(outcomes.length - refused.length, PIECES);
    assert.equal(await left("mixed-tea"), 0);
    assert.deepEqual(await findContradictions(db, { atRest: false }), []);
  });

  it("is added to by clerks, by requests too", async () => {
    const { client } = test();
    await stockUp(test(), { "more-tea": 1 });
    const ada = await client.signUp("ada");
    const refused = await ada.post("/products/more-tea/receipts", { quantity: 5 });
    assert.equal(refused.status, 403);
    await test().shop.system.users.updateWhere({ name: "ada" }, { role: "clerk" });
    const { status, body } = await ada.post("/products/more-tea/receipts", { quantity: 5 });
    assert.deepEqual([status, body], [201, { inStock: 6 }]);
    assert.equal((await ada.post("/products/none/receipts", { quantity: 5 })).status, 404);
    assert.equal((await ada.post("/products/more-tea/receipts", { quantity: 0 })).status, 422);
  });
});
