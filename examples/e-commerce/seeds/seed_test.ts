import assert from "node:assert/strict";
import { it } from "node:test";
import { describeShop } from "../testing/with_shop.ts";
import { SAMPLE_PASSWORD, seed } from "./seed.ts";

describeShop("the samples", (test) => {
  it("fill an empty shop, once, and the customer can sign in", async () => {
    const { shop, client } = test();
    const scrypt = { N: 2 ** 4, r: 8, p: 1 };
    assert.equal(await seed(shop, { scrypt }), true);
    assert.equal(await seed(shop, { scrypt }), false);
    const { products } = (await client.get("/products")).body;
    assert.equal(products.length, 8);
    assert.equal(products.find(({ sku }: { sku: string }) => sku === "honey").inStock, 0);
    const user = { email: "ada@example.org", password: SAMPLE_PASSWORD };
    const { token } = (await client.post("/users/login", user)).body;
    const ada = client.with({ authorization: `Bearer ${token}` });
    assert.equal((await ada.get("/cart")).body.cart.total, 3490 + 2 * 1350);
  });
});
