import { setItem } from "../features/cart/queries.ts";
import { changeProduct, createProduct } from "../features/catalogue/queries.ts";
import { receive } from "../features/stock/queries.ts";
import { register } from "../features/users/queries.ts";
import type { Config } from "../platform/config.ts";
import type { Shop } from "../platform/shop.ts";

/** The password of the sample users. */
export const SAMPLE_PASSWORD = "correct horse";

const PRODUCTS = [
  ["teapot", "Teapot", "Brown stoneware, for four cups. The lid stays on.", 3490, 12],
  ["tea-strainer", "Tea strainer", "Stainless steel, fine enough for rooibos.", 790, 40],
  ["assam", "Assam, 250 g", "Second flush, strong and malty. For milk.", 1290, 60],
  ["darjeeling", "Darjeeling, 100 g", "First flush, of this spring.", 1450, 3],
  ["sencha", "Sencha, 100 g", "From Shizuoka; brew it at 70 °C.", 1190, 25],
  ["kettle", "Kettle", "1.2 litres, holds the temperature that you set.", 6900, 8],
  ["cup", "Cup", "Porcelain, 180 ml. Sold one by one.", 890, 96],
  ["honey", "Honey, 500 g", "Of lime blossom, from three hives.", 950, 0],
] as const;

/**
 * Fills an empty shop with samples: a clerk, a customer with something in the cart, and products, one
 * of which is sold out. It is done by the same functions as requests are.
 *
 * @returns false if there are users already: nothing is changed then
 */
export async function seed(shop: Shop, { scrypt }: Pick<Config, "scrypt">): Promise<boolean> {
  if (await shop.system.users.exists()) return false;
  const password = SAMPLE_PASSWORD;
  const clerk = await register(
    shop,
    { name: "Clerk", email: "clerk@example.org", password },
    scrypt,
    "clerk",
  );
  const ada = await register(shop, { name: "Ada", email: "ada@example.org", password }, scrypt);
  const office = shop.on({ userId: clerk.id, role: clerk.role });
  for (const [sku, name, description, price, pieces] of PRODUCTS) {
    await createProduct(office, { sku, name, description, price });
    if (pieces > 0) await receive(office, sku, pieces);
  }
  await changeProduct(office, "assam", { price: 1350 });
  const customer = shop.on({ userId: ada.id, role: ada.role });
  await setItem(customer, "teapot", 1);
  await setItem(customer, "assam", 2);
  return true;
}
