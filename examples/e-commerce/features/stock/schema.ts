import type { ColumnType } from "kysely";
import * as z from "zod";
import { wholeNumber } from "../../platform/body.ts";
import type { StampedTime } from "../../platform/schema.ts";

/** A row of `stock`: how many pieces of a product are there to be sold. */
export interface StockTable {
  product_id: number;
  /** The database refuses less than 0. */
  on_hand: number;
  /** Counts the changes of the row. */
  version: ColumnType<number, number | undefined, number>;
  updated_at: StampedTime;
}

/** A row of `stock_movements`: why stock has changed. Their sum is what is there. */
export interface StockMovementsTable {
  id: string;
  product_id: number;
  /** The order that has taken the pieces, or given them back; null for a receipt. */
  order_id: string | null;
  kind: "receipt" | "sale" | "return";
  /** Negative for a sale. */
  quantity: number;
  created_at: StampedTime;
}

/** The body of `POST /products/:sku/receipts`. */
export const Receipt = z.object({ quantity: wholeNumber(1, 100_000) });
