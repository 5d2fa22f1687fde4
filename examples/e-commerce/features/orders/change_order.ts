import type { Statement } from "../../platform/shop.ts";
import { messageStatement } from "../outbox/messages.ts";
import type { MessageKind } from "../outbox/schema.ts";
import type { OrderStatus } from "./schema.ts";

/** An order, as it was read. */
export interface ReadOrder {
  readonly id: string;
  readonly status: OrderStatus;
  readonly message_count: number;
}

/** The key of the statement that fails if somebody else has changed the order. */
export const TRANSITION = "transition";

/**
 * The statements that move an order on, and tell it: they do nothing unless the order is as it was
 * read.
 */
export function changeStatements(
  { id, status, message_count }: ReadOrder,
  to: OrderStatus,
  kind: MessageKind,
): Statement[] {
  const sequence = message_count + 1;
  return [
    {
      key: TRANSITION,
      rows: 1,
      build: (db) =>
        db.updateTable("orders").set({ status: to, message_count: sequence })
          .where("id", "=", id)
          .where("status", "=", status)
          .where("message_count", "=", message_count),
    },
    messageStatement({ orderId: id, sequence, kind }),
  ];
}
