import { invalid } from "../../platform/errors.ts";
import { sumOf } from "../../platform/money.ts";
import type { Store } from "../../platform/shop.ts";
import { findProduct } from "../catalogue/queries.ts";
import { MAX_LINES, MAX_QUANTITY } from "./schema.ts";

/** A product in a cart. */
export interface CartLine {
  readonly productId: number;
  readonly sku: string;
  readonly name: string;
  /** In cents. */
  readonly price: number;
  readonly quantity: number;
}

/** What a customer means to buy, at the prices of now. */
export interface Cart {
  readonly lines: readonly CartLine[];
  /** In cents. */
  readonly total: number;
}

/** Reads the caller's cart. What was withdrawn from sale is not in it. */
export async function readCart({ cart, userId }: Store): Promise<Cart> {
  const items = await cart.find({
    where: { user_id: userId },
    include: { product: true },
    // Whoever locks rows of stock does so in this order, and waits for nobody who waits for them.
    orderBy: "product_id",
  });
  const lines = items.flatMap(({ product, quantity }) =>
    product === null ? [] : [{
      productId: product.id,
      sku: product.sku,
      name: product.name,
      price: product.price,
      quantity,
    }]
  );
  return { lines, total: sumOf(lines.map(({ price, quantity }) => price * quantity)) };
}

/**
 * Sets how many pieces of a product are in the caller's cart; 0 takes it out.
 *
 * @throws {ApiError} 404 if the product is not on sale; 422 if the cart is full
 */
export async function setItem(store: Store, sku: string, quantity: number): Promise<void> {
  const { id } = await findProduct(store, sku);
  const key = { user_id: store.userId, product_id: id };
  if (quantity === 0) {
    await store.cart.deleteWhere(key);
    return;
  }
  const others = await store.cart.count({
    where: { user_id: store.userId, product_id: { ne: id } },
  });
  if (others >= MAX_LINES) throw invalid({ cart: [`holds ${MAX_LINES} products at most`] });
  await store.cart.upsert({ ...key, quantity }, { conflictColumns: ["user_id", "product_id"] });
}

/**
 * Adds a piece of a product to the caller's cart.
 *
 * @throws {ApiError} 404 if the product is not on sale; 422 if the cart is full
 */
export async function addItem(store: Store, sku: string): Promise<void> {
  const { id } = await findProduct(store, sku);
  const item = await store.cart.findById({ user_id: store.userId, product_id: id });
  await setItem(store, sku, Math.min((item?.quantity ?? 0) + 1, MAX_QUANTITY));
}
