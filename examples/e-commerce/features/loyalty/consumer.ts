import { findDatabaseError, UniqueConstraintError } from "@kysera/core";
import { BatchExpectationError } from "@kysera/executor";
import type { Statement, Store } from "../../platform/shop.ts";
import type { Message } from "../outbox/messages.ts";

/** How many cents one point costs. */
const CENTS_PER_POINT = 100;

/**
 * Gives points for what was paid, and takes them back for what was refunded.
 *
 * To add points is not idempotent, and messages come more than once. So the number of the last message
 * that was applied is kept with the points, and changes in the same batch: a message of a lower number
 * is a copy. As the messages of an order come in their order, one number is enough.
 *
 * @throws {Error} if a message before this one was not applied
 */
export async function applyToPoints(system: Store, message: Message): Promise<void> {
  const { orderId, sequence } = message;
  const seen = await system.inbox.findById(orderId);
  const last = seen?.last_sequence ?? 0;
  if (last >= sequence) return;
  if (last < sequence - 1) {
    throw new Error(`Cannot apply message ${sequence} of an order: message ${last + 1} is missing`);
  }
  const order = await system.orders.getById(orderId);
  await system.accounts.firstOrCreate(
    { user_id: order.user_id, points: 0 },
    { conflictColumns: ["user_id"] },
  );
  const had = seen?.points ?? 0;
  const has = message.kind === "order.paid"
    ? Math.floor(order.total / CENTS_PER_POINT)
    : message.kind === "order.refunded"
    ? 0
    : had;
  const inbox: Statement = seen === null
    ? {
      key: "inbox",
      build: (db) =>
        db.insertInto("loyalty_inbox").values({
          order_id: orderId,
          user_id: order.user_id,
          last_sequence: sequence,
          points: has,
        }),
    }
    : {
      key: "inbox",
      rows: 1,
      build: (db) =>
        db.updateTable("loyalty_inbox").set({ last_sequence: sequence, points: has })
          .where("order_id", "=", orderId).where("last_sequence", "=", last),
    };
  const account: Statement = {
    key: "account",
    rows: 1,
    build: (db) =>
      db.updateTable("loyalty_accounts")
        .set((eb) => ({ points: eb("points", "+", has - had) }))
        .where("user_id", "=", order.user_id),
  };
  try {
    await system.all(has === had ? [inbox] : [inbox, account]);
  } catch (error) {
    // Another worker, which has the same message, was faster.
    const isApplied = error instanceof BatchExpectationError
      ? error.key === "inbox"
      : findDatabaseError(error) instanceof UniqueConstraintError;
    if (!isApplied) throw error;
  }
}
