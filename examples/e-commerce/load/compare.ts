/**
 * Compares the ways to sell stock: buyers that all want the same few products, in one process and
 * without HTTP, on the database that the tests use. Prints a table.
 *
 * @module
 */
import { isTransientError } from "@kysera/infra";
import { setItem } from "../features/cart/queries.ts";
import { placeOrder } from "../features/orders/queries.ts";
import { type CheckoutName, CHECKOUTS } from "../platform/config.ts";
import { createShop, type Shop } from "../platform/shop.ts";
import { openTestDatabase } from "../testing/start_shop.ts";
import { stockUp } from "../testing/with_products.ts";

const BUYERS = 20;
/** How many orders each of them places, one after the other. */
const ORDERS = 10;

for (const products of [1, 10]) {
  console.log(`\n${BUYERS} buyers at once, ${products} products, 3 or fewer in an order`);
  console.log("| way | orders a second | median, ms | p95, ms | given up |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const checkout of CHECKOUTS) {
    const database = await openTestDatabase();
    try {
      const shop = await createShop(database.db);
      await measure(shop, "batch", products, 2); // What is prepared once is prepared now.
      const { seconds, times, givenUp } = await measure(shop, checkout, products, ORDERS);
      const at = (part: number) => times[Math.floor(times.length * part)]!.toFixed(0);
      const rate = (times.length / seconds).toFixed(0);
      console.log(`| ${checkout} | ${rate} | ${at(0.5)} | ${at(0.95)} | ${givenUp} |`);
    } finally {
      await database.close();
    }
  }
}

async function measure(shop: Shop, checkout: CheckoutName, products: number, orders: number) {
  const prefix = crypto.randomUUID().slice(0, 8);
  const skus = Array.from({ length: products }, (_, i) => `${prefix}-${i}`);
  await stockUp({ shop }, Object.fromEntries(skus.map((sku) => [sku, 10_000])));
  const users = await shop.system.users.bulkCreate(
    Array.from({ length: BUYERS }, () => ({
      name: "Buyer",
      email: `${crypto.randomUUID()}@example.org`,
      password_hash: "",
      role: "customer" as const,
    })),
  );
  const times: number[] = [];
  let givenUp = 0;
  const begun = performance.now();
  await Promise.all(users.map(async ({ id }, buyer) => {
    const caller = { userId: id, role: "customer" } as const;
    const wanted = new Set([0, 1, 2].map((i) => skus[(buyer + i) % products]!));
    for (let order = 0; order < orders; order++) {
      for (const sku of wanted) await setItem(shop.on(caller), sku, 1);
      const start = performance.now();
      try {
        await placeOrder(shop, caller, {
          total: 1000 * wanted.size,
          idempotencyKey: String(order),
          checkout,
        });
        times.push(performance.now() - start);
      } catch (error) {
        // A customer would be told to try again.
        if (!isTransientError(error)) throw error;
        givenUp++;
      }
    }
  }));
  return {
    seconds: (performance.now() - begun) / 1000,
    times: times.toSorted((a, b) => a - b),
    givenUp,
  };
}
