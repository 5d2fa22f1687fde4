import type { TestShop } from "./start_shop.ts";
import { createProduct } from "../features/catalogue/queries.ts";
import { receive } from "../features/stock/queries.ts";
import type { Caller, Store } from "../platform/shop.ts";

/** Creates a clerk. */
export async function hireClerk({ shop }: Pick<TestShop, "shop">): Promise<Caller> {
  const email = `${crypto.randomUUID()}@example.org`;
  const { id } = await shop.system.users.create({
    name: "Clerk",
    email,
    password_hash: "",
    role: "clerk",
  });
  return { userId: id, role: "clerk" };
}

/** Puts products on sale: number to pieces. Each costs 10 euros. */
export async function stockUp(
  test: Pick<TestShop, "shop">,
  pieces: Readonly<Record<string, number>>,
): Promise<Store> {
  const office = test.shop.on(await hireClerk(test));
  for (const [sku, count] of Object.entries(pieces)) {
    await createProduct(office, { sku, name: sku, description: `About ${sku}`, price: 1000 });
    if (count > 0) await receive(office, sku, count);
  }
  return office;
}
