import assert from "node:assert/strict";
import { it } from "node:test";
import { describeShop } from "../../testing/with_shop.ts";
import { stockUp } from "../../testing/with_products.ts";
import { MAX_LINES } from "./schema.ts";

describeShop("carts", (test) => {
  it("hold what their customers have put in, at the prices of now", async () => {
    const { client } = test();
    const office = await stockUp(test(), { "a-tea": 5, "a-cup": 5 });
    const ada = await client.signUp("a-ada");
    const bob = await client.signUp("a-bob");
    await ada.put("/cart/items/a-tea", { quantity: 2 });
    await ada.put("/cart/items/a-cup", { quantity: 1 });
    await ada.put("/cart/items/a-tea", { quantity: 3 });
    const tea = { sku: "a-tea", name: "a-tea", price: 1000, quantity: 3 };
    const cup = { sku: "a-cup", name: "a-cup", price: 1000, quantity: 1 };
    assert.deepEqual((await ada.get("/cart")).body.cart, { lines: [tea, cup], total: 4000 });
    assert.deepEqual((await bob.get("/cart")).body.cart, { lines: [], total: 0 });
    await office.products.updateWhere({ sku: "a-cup" }, { price: 500 });
    await ada.delete("/cart/items/a-tea");
    assert.deepEqual((await ada.put("/cart/items/a-cup", { quantity: 2 })).body.cart, {
      lines: [{ ...cup, price: 500, quantity: 2 }],
      total: 1000,
    });
    assert.deepEqual((await ada.put("/cart/items/a-cup", { quantity: 0 })).body.cart.lines, []);
  });

  it("refuse what makes no sense, and callers who are not signed in", async () => {
    const { client } = test();
    const skus = Array.from({ length: MAX_LINES + 1 }, (_, i) => `b-${i}`);
    await stockUp(test(), Object.fromEntries(skus.map((sku) => [sku, 0])));
    const ada = await client.signUp("b-ada");
    for (const quantity of [-1, 101, 1.5, "1", null]) {
      assert.equal((await ada.put("/cart/items/b-0", { quantity })).status, 422, `${quantity}`);
    }
    assert.equal((await ada.put("/cart/items/none", { quantity: 1 })).status, 404);
    for (const sku of skus) await ada.put(`/cart/items/${sku}`, { quantity: 1 });
    const { body } = await ada.put(`/cart/items/${skus.at(-1)}`, { quantity: 1 });
    assert.deepEqual(body.errors, { cart: [`holds ${MAX_LINES} products at most`] });
    assert.equal((await client.get("/cart")).status, 401);
    assert.equal((await client.put("/cart/items/b-0", { quantity: 1 })).status, 401);
  });
});
