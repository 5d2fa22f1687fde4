import { BatchExpectationError } from "@kysera/executor";
import type { Store } from "../../platform/shop.ts";
import type { Message } from "../outbox/messages.ts";
import { type PaymentProvider, PaymentUnknown } from "../payments/provider.ts";
import { beginPayment, findPayment, recordResult, returnStatements } from "../payments/queries.ts";
import type { PaymentsTable } from "../payments/schema.ts";
import { changeStatements, TRANSITION } from "./change_order.ts";

/**
 * Does what follows from a message about an order. Each step can be done again: what was begun is in
 * the database before the provider is asked, and what it answers is written down once. The messages of
 * an order come one after the other, so a refund does not begin before the fate of the charge is known.
 *
 * @throws {PaymentUnknown} if the provider has not told yet: the message has to come again
 */
export async function runSaga(
  system: Store,
  provider: PaymentProvider,
  { orderId, kind }: Message,
): Promise<void> {
  if (kind === "order.placed") await charge(system, provider, orderId);
  if (kind === "order.cancel_requested") await cancel(system, provider, orderId);
}

async function charge(system: Store, provider: PaymentProvider, orderId: string): Promise<void> {
  const order = await system.orders.getById(orderId);
  // Cancelled before it was charged: there is nothing to pay.
  if (order.status !== "placed" && await findPayment(system, orderId, "charge") === null) return;
  await settle(system, provider, await beginPayment(system, orderId, "charge", order.total));
}

async function cancel(system: Store, provider: PaymentProvider, orderId: string): Promise<void> {
  const order = await system.orders.getById(orderId);
  if (order.status !== "cancelling") return;
  const charged = await findPayment(system, orderId, "charge");
  if (charged?.status === "succeeded") {
    await settle(system, provider, await beginPayment(system, orderId, "refund", charged.amount));
    return;
  }
  try {
    await system.all([
      ...changeStatements(order, "cancelled", "order.cancelled"),
      ...await returnStatements(system, orderId),
    ]);
  } catch (error) {
    // Another worker, which has the same message, was faster.
    if (!(error instanceof BatchExpectationError && error.key === TRANSITION)) throw error;
  }
}

async function settle(
  system: Store,
  provider: PaymentProvider,
  { id, kind, amount, status }: Pick<PaymentsTable, "id" | "kind" | "amount" | "status">,
): Promise<void> {
  if (status !== "pending") return;
  const result = await provider.request({ id, kind, amount });
  if (result.status === "pending") {
    throw new PaymentUnknown(
      `Cannot go on: the provider does not know the result of a ${kind} yet`,
    );
  }
  await recordResult(system, result);
}
