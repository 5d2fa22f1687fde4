import type { StampedTime } from "../../platform/schema.ts";

/** A row of `loyalty_accounts`: the points of a customer. */
export interface LoyaltyAccountsTable {
  user_id: number;
  points: number;
  created_at: StampedTime;
  updated_at: StampedTime;
}

/** A row of `loyalty_inbox`: which messages about an order were applied. */
export interface LoyaltyInboxTable {
  order_id: string;
  user_id: number;
  /** The messages up to this one were applied, each of them once. */
  last_sequence: number;
  /** What the customer has for the order. */
  points: number;
}
