import assert from "node:assert/strict";
import { it } from "node:test";
import { describeShop } from "../../testing/with_shop.ts";
import { stockUp } from "../../testing/with_products.ts";

describeShop("the reports", (test) => {
  it("add up what was paid and refunded, for clerks alone", async () => {
    const { client, settle, shop } = test();
    await stockUp(test(), { tea: 10, cup: 50, pot: 0 });
    const ada = await client.signUp("ada");
    await ada.order({ tea: 3 });
    await ada.order({ tea: 4, cup: 2 });
    const { order } = (await ada.order({ cup: 1 })).body;
    await settle();
    await ada.post(`/orders/${order.id}/cancel`);
    await settle();

    assert.equal((await ada.get("/reports")).status, 403);
    assert.equal((await client.get("/reports")).status, 401);
    await shop.system.users.updateWhere({ name: "ada" }, { role: "clerk" });
    const { body } = await ada.get("/reports");
    const sum = (of: string) => body.sales.reduce((total: number, day: any) => total + day[of], 0);
    assert.deepEqual(["orders", "revenue", "refunded"].map(sum), [3, 9000, 1000]);
    assert.deepEqual(body.bestSellers, [
      { sku: "tea", pieces: 7, revenue: 7000 },
      { sku: "cup", pieces: 2, revenue: 2000 },
    ]);
    assert.deepEqual(body.lowStock.map(({ sku, inStock }: any) => [sku, inStock]), [
      ["pot", 0],
      ["tea", 3],
    ]);
  });
});
