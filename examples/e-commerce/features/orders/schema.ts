import * as z from "zod";
import { wholeNumber } from "../../platform/body.ts";
import { MAX_TOTAL } from "../../platform/money.ts";
import { Page } from "../../platform/paging.ts";
import type { StampedTime } from "../../platform/schema.ts";

/**
 * How far an order has got:
 *
 * ```text
 * placed -> paid
 * placed -> cancelled                 the payment was declined
 * placed, paid -> cancelling          the customer does not want it any more
 * cancelling -> cancelled             nothing was paid
 * cancelling -> refunded
 * ```
 */
export type OrderStatus = "placed" | "paid" | "cancelling" | "cancelled" | "refunded";

/** A row of `orders`. */
export interface OrdersTable {
  /** Made by the program, so that all rows of an order can be written at once. */
  id: string;
  user_id: number;
  status: OrderStatus;
  /** In cents. */
  total: number;
  line_count: number;
  /** How many messages there are about the order: the number of the last one. */
  message_count: number;
  /** What the customer's program calls the request that placed it. */
  idempotency_key: string;
  /** The day in UTC, `2026-01-31`: reports add up by it. */
  placed_on: string;
  created_at: StampedTime;
  updated_at: StampedTime;
}

/** A row of `order_lines`: what was sold, as it was then. */
export interface OrderLinesTable {
  order_id: string;
  product_id: number;
  sku: string;
  name: string;
  quantity: number;
  /** In cents. */
  unit_price: number;
}

/** The body of `POST /orders`: the total that the customer agrees to. */
export const NewOrder = z.object({ total: wholeNumber(1, MAX_TOTAL) });

/** The header `Idempotency-Key`. */
export const IdempotencyKey = z.string("is missing").regex(
  /^[\x21-\x7e]{1,100}$/,
  "must be 1 to 100 visible ASCII characters",
);

/** The query of `GET /orders`. */
export const OrderQuery = Page;
