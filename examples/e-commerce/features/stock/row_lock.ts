import { detectDialect } from "@kysera/core";
import { getCapabilities } from "@kysera/dialects";
import { assertInStock } from "./assert_in_stock.ts";
import type { StockStrategy } from "./strategy.ts";

/**
 * Reads with `FOR UPDATE`: whoever wants the same rows waits. SQLite has no locks of rows, and needs
 * none: a transaction that writes is the only one from its beginning on.
 */
export const rowLock: StockStrategy = {
  async take({ executor }, takes) {
    const query = executor.selectFrom("stock").select(["product_id", "on_hand"])
      .where("product_id", "in", takes.map(({ productId }) => productId))
      .orderBy("product_id");
    const { forUpdate } = getCapabilities(detectDialect(executor));
    assertInStock(await (forUpdate ? query.forUpdate() : query).execute(), takes);
    for (const { productId, quantity } of takes) {
      await executor.updateTable("stock")
        .set((eb) => ({
          on_hand: eb("on_hand", "-", quantity),
          version: eb("version", "+", 1),
        }))
        .where("product_id", "=", productId)
        .execute();
    }
  },
};
