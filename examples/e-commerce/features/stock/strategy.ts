import type { TransactionOptions } from "@kysera/dal";
import type { Store } from "../../platform/shop.ts";

/** How many pieces of a product are sold. */
export interface Take {
  readonly productId: number;
  readonly quantity: number;
}

/** There are fewer pieces of a product than are to be sold. */
export class OutOfStock extends Error {
  override readonly name = "OutOfStock";
  readonly productId: number;

  constructor(productId: number) {
    super(`Cannot sell the product ${productId}: there is not enough of it in stock`);
    this.productId = productId;
  }
}

/** A way to sell stock in a transaction, such that nothing is sold that is not there. */
export interface StockStrategy {
  /** The isolation that it needs; the default of the database otherwise. */
  readonly isolationLevel?: NonNullable<TransactionOptions["isolationLevel"]>;
  /**
   * True to take before the rest of the order is written: a transaction that is bound to fail then
   * fails early. The others take last, so that they lock rows that everybody wants shortly.
   */
  readonly takesFirst?: true;
  /**
   * Takes pieces from stock.
   *
   * @param trx the repositories in the transaction
   * @param takes what is sold, in the order of the products, so that no two sales wait for each other
   * @throws {OutOfStock} if there is not enough
   */
  take(trx: Store, takes: readonly Take[]): Promise<void>;
  /** Returns true for an error that means that the whole transaction should be run again. */
  isConflict?(error: unknown): boolean;
}
