import { OutOfStock, type Take } from "./strategy.ts";

/**
 * Asserts that there is enough of everything.
 *
 * @param rows the rows of stock that were read
 * @param takes what is to be sold
 * @throws {OutOfStock} naming the first product that there is not enough of
 */
export function assertInStock(
  rows: readonly { readonly product_id: number; readonly on_hand: number }[],
  takes: readonly Take[],
): void {
  const onHand = new Map(rows.map(({ product_id, on_hand }) => [product_id, on_hand]));
  const missing = takes.find(({ productId, quantity }) => (onHand.get(productId) ?? 0) < quantity);
  if (missing !== undefined) throw new OutOfStock(missing.productId);
}
