import type { Statement } from "../../platform/shop.ts";
import type { MessageKind } from "./schema.ts";

/** A message about an order. */
export interface Message {
  readonly orderId: string;
  /** Counts the messages about the order from 1. */
  readonly sequence: number;
  readonly kind: MessageKind;
}

/**
 * The statement that writes a message. It belongs into the batch or transaction that does what the
 * message tells: then there is no message of what did not happen, and nothing happens without one.
 */
export function messageStatement({ orderId, sequence, kind }: Message): Statement {
  return {
    key: `message ${sequence}`,
    build: (db) =>
      db.insertInto("outbox")
        .values({ order_id: orderId, sequence, kind, available_at: new Date() }),
  };
}
