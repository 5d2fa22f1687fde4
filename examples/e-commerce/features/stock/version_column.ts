import { StaleRowError } from "@kysera/repository";
import { assertInStock } from "./assert_in_stock.ts";
import type { StockStrategy } from "./strategy.ts";

/** Reads without a lock, and writes only if the version of the row is still the one that was read. */
export const versionColumn: StockStrategy = {
  async take({ stock }, takes) {
    for (const take of takes) {
      const row = await stock.getById(take.productId);
      assertInStock([row], [take]);
      await stock.update(
        take.productId,
        { on_hand: row.on_hand - take.quantity },
        { version: row.version },
      );
    }
  },
  isConflict: (error) => error instanceof StaleRowError,
};
