import type { Statement, Store } from "../../platform/shop.ts";
import { findProduct, type Product } from "../catalogue/queries.ts";
import type { StockMovementsTable } from "./schema.ts";
import type { Take } from "./strategy.ts";

/**
 * The statement that writes down why stock has changed.
 *
 * @param moves the products, and how many pieces were added; a negative number of those taken
 */
export function movementStatement(
  moves: readonly Take[],
  kind: StockMovementsTable["kind"],
  orderId: string | null,
): Statement {
  // Made once, since a statement may be built several times: the ids are drawn.
  const rows = moves.map(({ productId, quantity }) => ({
    id: crypto.randomUUID(),
    product_id: productId,
    order_id: orderId,
    kind,
    quantity,
  }));
  return { key: "movements", build: (db) => db.insertInto("stock_movements").values(rows) };
}

/** The statements that add pieces to stock, and say why. */
export function addStatements(
  moves: readonly Take[],
  kind: "receipt" | "return",
  orderId: string | null,
): Statement[] {
  return [
    movementStatement(moves, kind, orderId),
    ...moves.map(({ productId, quantity }): Statement => ({
      key: `stock ${productId}`,
      rows: 1,
      build: (db) =>
        db.updateTable("stock")
          .set((eb) => ({
            on_hand: eb("on_hand", "+", quantity),
            version: eb("version", "+", 1),
          }))
          .where("product_id", "=", productId),
    })),
  ];
}

/**
 * Adds pieces that have arrived.
 *
 * @throws {ApiError} 404 if the product is not on sale
 */
export async function receive(store: Store, sku: string, quantity: number): Promise<Product> {
  const { id } = await findProduct(store, sku);
  await store.all(addStatements([{ productId: id, quantity }], "receipt", null));
  return await findProduct(store, sku);
}
