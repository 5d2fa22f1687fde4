import type { Statement, Store } from "../../platform/shop.ts";
import { findProduct, type Product } from "../catalogue/queries.ts";
import type { StockMovementsTable } from "./schema.ts";
import type { Take } from "./strategy.ts";

/**
 * The statement that writes down why stock has changed.
 *
 * @param take the product, and how many pieces were added; a negative number of those taken
 */
export function movementStatement(
  { productId, quantity }: Take,
  kind: StockMovementsTable["kind"],
  orderId: string | null,
): Statement {
  // Drawn once, since a statement may be built several times.
  const id = crypto.randomUUID();
  return {
    key: `${kind} ${productId}`,
    build: (db) =>
      db.insertInto("stock_movements")
        .values({ id, product_id: productId, order_id: orderId, kind, quantity }),
  };
}

/** The statements that add pieces to stock, and say why. */
export function addStatements(
  take: Take,
  kind: "receipt" | "return",
  orderId: string | null,
): Statement[] {
  return [
    {
      key: `stock ${take.productId}`,
      rows: 1,
      build: (db) =>
        db.updateTable("stock")
          .set((eb) => ({
            on_hand: eb("on_hand", "+", take.quantity),
            version: eb("version", "+", 1),
          }))
          .where("product_id", "=", take.productId),
    },
    movementStatement(take, kind, orderId),
  ];
}

/**
 * Adds pieces that have arrived.
 *
 * @throws {ApiError} 404 if the product is not on sale
 */
export async function receive(store: Store, sku: string, quantity: number): Promise<Product> {
  const { id } = await findProduct(store, sku);
  await store.all(addStatements({ productId: id, quantity }, "receipt", null));
  return await findProduct(store, sku);
}
