import type { ColumnType, Generated } from "kysely";
import type { OptionalTime, StampedTime, Time } from "../../platform/schema.ts";

/** What has happened to an order. */
export type MessageKind =
  | "order.placed"
  | "order.paid"
  | "order.cancel_requested"
  | "order.cancelled"
  | "order.refunded";

/** A row of `outbox`: a message that was written together with what it tells. */
export interface OutboxTable {
  id: Generated<number>;
  order_id: string;
  /** Counts the messages about the order from 1. */
  sequence: number;
  kind: MessageKind;
  /** How often its delivery was begun. */
  attempts: ColumnType<number, number | undefined, number>;
  /** Not to be delivered before. */
  available_at: ColumnType<Time, Time, Time>;
  /** Who delivers it now, and until when nobody else does. */
  lease: ColumnType<string | null, string | null | undefined, string | null>;
  leased_until: OptionalTime;
  delivered_at: OptionalTime;
  created_at: StampedTime;
}
