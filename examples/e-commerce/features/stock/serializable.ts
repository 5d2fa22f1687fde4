import { assertInStock } from "./assert_in_stock.ts";
import type { StockStrategy } from "./strategy.ts";

/**
 * Reads and writes as if nobody else was there. The database finds out if somebody was, and
 * `withTransaction()` then runs the transaction again.
 */
export const serializable: StockStrategy = {
  isolationLevel: "serializable",
  // Its first statement fixes what it sees: to take later would not make conflicts fewer.
  takesFirst: true,
  async take({ executor, stock }, takes) {
    const rows = await stock.findByIds(takes.map(({ productId }) => productId));
    assertInStock(rows, takes);
    for (const { productId, quantity } of takes) {
      const { on_hand, version } = rows.find(({ product_id }) => product_id === productId)!;
      await executor.updateTable("stock")
        .set({ on_hand: on_hand - quantity, version: version + 1 })
        .where("product_id", "=", productId)
        .execute();
    }
  },
};
