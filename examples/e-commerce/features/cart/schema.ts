import * as z from "zod";
import { wholeNumber } from "../../platform/body.ts";
import type { StampedTime } from "../../platform/schema.ts";

/** A row of `cart_items`: what a customer means to buy. */
export interface CartItemsTable {
  user_id: number;
  product_id: number;
  quantity: number;
  created_at: StampedTime;
  updated_at: StampedTime;
}

/** The most pieces of one product that are sold at once. */
export const MAX_QUANTITY = 100;
/** The most products that are sold at once: their lines are one statement, and D1 takes 100 parameters. */
export const MAX_LINES = 12;

/** The body of `PUT /cart/items/:sku`. */
export const CartItem = z.object({ quantity: wholeNumber(0, MAX_QUANTITY) });
