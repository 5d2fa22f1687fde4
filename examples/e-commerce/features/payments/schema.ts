import * as z from "zod";
import type { StampedTime } from "../../platform/schema.ts";

/** What the provider was asked to do. */
export type PaymentKind = "charge" | "refund";

/** The outcome, as far as the shop knows. */
export type PaymentStatus = "pending" | "succeeded" | "declined";

/** A row of `payments`. */
export interface PaymentsTable {
  /** Also the key by which the provider knows the request: however often it is sent, it is one. */
  id: string;
  order_id: string;
  kind: PaymentKind;
  /** In cents. */
  amount: number;
  status: PaymentStatus;
  created_at: StampedTime;
  updated_at: StampedTime;
}

/** What the provider says of a payment: `pending` until it knows. */
export const PaymentResult = z.object({
  id: z.string().max(100),
  status: z.enum(["pending", "succeeded", "declined"]),
});

/** What the provider says of a payment. */
export type PaymentResult = z.output<typeof PaymentResult>;
