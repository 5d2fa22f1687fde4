import assert from "node:assert/strict";
import { it } from "node:test";
import { describeShop } from "../../testing/with_shop.ts";

describeShop("the catalogue", (test) => {
  const hire = async (name: string) => {
    const clerk = await test().client.signUp(name);
    await test().shop.system.users.updateWhere({ name }, { role: "clerk" });
    return clerk;
  };
  const product = (sku: string, name: string) => ({
    sku,
    name,
    description: `About ${name}`,
    price: 1000,
  });

  it("is changed by clerks, and says who has changed what", async () => {
    const { client } = test();
    const clerk = await hire("a-clerk");
    const { status, body } = await clerk.post("/products", product("a-tea", "Tea"));
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual(body.product, { ...product("a-tea", "Tea"), inStock: 0 });
    assert.equal((await clerk.post("/products", product("a-tea", "Other"))).status, 409);
    const changed = await clerk.request("PATCH", "/products/a-tea", { price: 1200 });
    assert.equal(changed.body.product.price, 1200);

    const { history } = (await clerk.get("/products/a-tea/history")).body;
    assert.deepEqual(history.map(({ operation }: any) => operation), ["UPDATE", "INSERT"]);
    assert.deepEqual(history[0].changes, { price: { from: 1000, to: 1200 } });
    const { id } = await test().shop.system.users.findOneOrThrow({ where: { name: "a-clerk" } });
    assert.equal(history[0].by, String(id));

    const customer = await client.signUp("a-customer");
    for (const who of [customer, client]) {
      const refused = who === client ? 401 : 403;
      assert.equal((await who.post("/products", product("x", "X"))).status, refused);
      assert.equal((await who.request("PATCH", "/products/a-tea", { price: 1 })).status, refused);
      assert.equal((await who.delete("/products/a-tea")).status, refused);
      assert.equal((await who.get("/products/a-tea/history")).status, refused);
    }
    const { products } = test().shop.on({ userId: 1, role: "customer" });
    await assert.rejects(products.updateWhere({ sku: "a-tea" }, { price: 1 }), {
      name: "RLSPolicyViolation",
    });
  });

  it("loses what is withdrawn, and has it back", async () => {
    const { client } = test();
    const clerk = await hire("b-clerk");
    await clerk.post("/products", product("b-tea", "Tea"));
    await clerk.post("/products/b-tea/receipts", { quantity: 5 });
    const ada = await client.signUp("b-ada");
    const { order } = (await ada.order({ "b-tea": 1 })).body;
    await ada.put("/cart/items/b-tea", { quantity: 2 });
    assert.equal((await clerk.delete("/products/b-tea")).status, 204);
    assert.equal((await client.get("/products/b-tea")).status, 404);
    assert.deepEqual((await ada.get("/cart")).body.cart, { lines: [], total: 0 });
    assert.equal((await ada.put("/cart/items/b-tea", { quantity: 1 })).status, 404);
    assert.equal((await ada.get(`/orders/${order.id}`)).body.order.lines[0].name, "Tea");
    const back = await clerk.post("/products/b-tea/restore");
    assert.equal(back.body.product.inStock, 4);
    assert.equal((await ada.get("/cart")).body.cart.total, 2000);
  });

  it("is read by name, by cursor, and searched", async () => {
    const { client } = test();
    const clerk = await hire("c-clerk");
    for (const name of ["Quince 1", "Quince 2", "Quince 3"]) {
      await clerk.post("/products", product(name.toLowerCase().replace(" ", "-"), name));
    }
    const first = (await client.get("/products?search=Quince&limit=2")).body;
    const query = `/products?search=Quince&limit=2&cursor=${first.nextCursor}`;
    const second = (await client.get(query)).body;
    assert.deepEqual([...first.products, ...second.products].map(({ name }) => name), [
      "Quince 1",
      "Quince 2",
      "Quince 3",
    ]);
    assert.equal(second.nextCursor, null);
    for (const wrong of ["limit=0", "limit=x", "cursor=x", "search=0123456789012"]) {
      assert.equal((await client.get(`/products?${wrong}`)).status, 422, wrong);
    }
  });

  it("refuses what makes no sense", async () => {
    const clerk = await hire("d-clerk");
    for (
      const wrong of [
        { ...product("d-tea", "Tea"), price: 0 },
        { ...product("d-tea", "Tea"), price: 9.5 },
        { ...product("d-tea", "Tea"), price: "10" },
        product("D tea", "Tea"),
        product("d-tea", " "),
        {},
        [],
      ]
    ) {
      assert.equal((await clerk.post("/products", wrong)).status, 422, JSON.stringify(wrong));
    }
    assert.equal((await clerk.post("/products", "{")).status, 422);
    assert.equal((await clerk.request("PATCH", "/products/none", { price: 1 })).status, 404);
  });
});
