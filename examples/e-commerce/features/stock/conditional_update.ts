import { BatchExpectationError } from "@kysera/executor";
import type { Statement } from "../../platform/shop.ts";
import { OutOfStock, type StockStrategy, type Take } from "./strategy.ts";

/**
 * The statement that takes pieces from stock if they are there: the condition is a part of the
 * `UPDATE`, so nothing can happen in between. It needs no transaction of a certain kind, so it can be a
 * part of a batch.
 */
export function takeStatement({ productId, quantity }: Take): Statement {
  return {
    key: `stock ${productId}`,
    rows: 1,
    build: (db) =>
      db.updateTable("stock")
        .set((eb) => ({
          on_hand: eb("on_hand", "-", quantity),
          version: eb("version", "+", 1),
        }))
        .where("product_id", "=", productId)
        .where("on_hand", ">=", quantity),
  };
}

/**
 * Returns why a batch with such statements failed: {@linkcode OutOfStock} where one of them was
 * the reason, and the error itself otherwise.
 */
export function toOutOfStock(error: unknown, takes: readonly Take[]): unknown {
  if (!(error instanceof BatchExpectationError)) return error;
  const take = takes.find((each) => takeStatement(each).key === error.key);
  return take === undefined ? error : new OutOfStock(take.productId);
}

/** Checks and changes by one statement. */
export const conditionalUpdate: StockStrategy = {
  async take(trx, takes) {
    try {
      await trx.all(takes.map(takeStatement));
    } catch (error) {
      throw toOutOfStock(error, takes);
    }
  },
};
