import { BatchExpectationError } from "@kysera/executor";
import type { Statement, Store } from "../../platform/shop.ts";
import { changeStatements, TRANSITION } from "../orders/change_order.ts";
import type { OrderStatus } from "../orders/schema.ts";
import { addStatements } from "../stock/queries.ts";
import type { MessageKind } from "../outbox/schema.ts";
import type { PaymentResult, PaymentsTable } from "./schema.ts";

/** How often the result of a payment is looked at anew because the order has changed meanwhile. */
const MAX_ATTEMPTS = 5;
const SETTLED = "payment";

/** What a result means for its order. */
interface Step {
  readonly to: OrderStatus;
  readonly kind: MessageKind;
  /** Whether the pieces go back into stock. */
  readonly returns: boolean;
}

/** By payment, result and status of the order. What is not here changes the payment alone. */
const STEPS: Readonly<Record<string, Step>> = {
  "charge succeeded placed": { to: "paid", kind: "order.paid", returns: false },
  "charge declined placed": { to: "cancelled", kind: "order.cancelled", returns: true },
  "refund succeeded cancelling": { to: "refunded", kind: "order.refunded", returns: true },
};

/**
 * Records the outcome of a payment, and moves its order on. The provider may report it several
 * times, late, and by two ways at once: the first time counts.
 *
 * @returns false if there is no such payment
 */
export async function recordResult(
  system: Store,
  { id, status }: PaymentResult,
): Promise<boolean> {
  for (let attempt = 1;; attempt++) {
    const payment = await system.payments.findById(id);
    if (payment === null) return false;
    if (status === "pending" || payment.status !== "pending") return true;
    const order = await system.orders.getById(payment.order_id);
    const step = STEPS[`${payment.kind} ${status} ${order.status}`];
    const settle: Statement = {
      key: SETTLED,
      rows: 1,
      build: (db) =>
        db.updateTable("payments").set({ status })
          .where("id", "=", id).where("status", "=", "pending"),
    };
    try {
      await system.all([
        settle,
        ...step === undefined ? [] : changeStatements(order, step.to, step.kind),
        ...step?.returns ? await returnStatements(system, order.id) : [],
      ]);
      return true;
    } catch (error) {
      const isOvertaken = error instanceof BatchExpectationError &&
        (error.key === SETTLED || error.key === TRANSITION);
      if (!isOvertaken || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** The statements that put the pieces of an order back into stock. */
export async function returnStatements(
  { executor }: Store,
  orderId: string,
): Promise<Statement[]> {
  const lines = await executor.selectFrom("order_lines").select(["product_id", "quantity"])
    .where("order_id", "=", orderId).orderBy("product_id").execute();
  const moves = lines.map(({ product_id, quantity }) => ({ productId: product_id, quantity }));
  return addStatements(moves, "return", orderId);
}

/** Reads the payment of an order, of which there is at most one of each kind. */
export async function findPayment(
  { payments }: Store,
  orderId: string,
  kind: PaymentsTable["kind"],
) {
  return await payments.findOne({ where: { order_id: orderId, kind } });
}

/** Reads the payment of an order, or begins it: of several callers at once, one does. */
export async function beginPayment(
  { payments }: Store,
  orderId: string,
  kind: PaymentsTable["kind"],
  amount: number,
) {
  const { data } = await payments.firstOrCreate(
    { id: crypto.randomUUID(), order_id: orderId, kind, amount, status: "pending" },
    { conflictColumns: ["order_id", "kind"] },
  );
  return data;
}
