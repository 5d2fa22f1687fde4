import { BatchExpectationError } from "@kysera/executor";
import type { CheckoutName } from "../../platform/config.ts";
import type { Statement, Store } from "../../platform/shop.ts";
import type { CartLine } from "../cart/queries.ts";
import { messageStatement } from "../outbox/messages.ts";
import { conditionalUpdate, takeStatement, toOutOfStock } from "../stock/conditional_update.ts";
import { movementStatement } from "../stock/queries.ts";
import { rowLock } from "../stock/row_lock.ts";
import { serializable } from "../stock/serializable.ts";
import type { StockStrategy, Take } from "../stock/strategy.ts";
import { versionColumn } from "../stock/version_column.ts";

/** How often a transaction is run again because the stock it has read was changed by another one. */
const MAX_CONFLICTS = 50;

/** An order that is to be placed. */
export interface OrderDraft {
  readonly id: string;
  readonly userId: number;
  readonly idempotencyKey: string;
  readonly lines: readonly CartLine[];
  /** In cents. */
  readonly total: number;
  readonly now: Date;
}

/** The cart has been changed, or sold, since it was read. */
export class CartChanged extends Error {
  override readonly name = "CartChanged";
}

/**
 * Places an order: the order, its lines, what it takes from stock and why, the cart, and the message,
 * all or nothing.
 *
 * @param till the repositories with which the shop sells to the caller
 * @throws {OutOfStock} if there is not enough of a product
 * @throws {CartChanged} if the cart is not what it was when it was read
 * @throws {UniqueConstraintError} if the customer has placed an order under this key
 */
export type PlaceOrder = (till: Store, draft: OrderDraft) => Promise<void>;

/**
 * The statements of an order, other than those that take from stock. The order is the first: a batch
 * that runs again, because nobody knows whether it was done, then ends at its key. What takes from
 * stock comes last: other customers wait for the rows of popular products, so they are locked shortly.
 */
function statementsOf(draft: OrderDraft): Statement[] {
  const { id, userId, lines } = draft;
  return [
    {
      key: "order",
      build: (db) =>
        db.insertInto("orders").values({
          id,
          user_id: userId,
          status: "placed",
          total: draft.total,
          line_count: lines.length,
          message_count: 1,
          idempotency_key: draft.idempotencyKey,
          placed_on: draft.now.toISOString().slice(0, 10),
        }),
    },
    {
      key: "lines",
      build: (db) =>
        db.insertInto("order_lines").values(lines.map((line) => ({
          order_id: id,
          product_id: line.productId,
          sku: line.sku,
          name: line.name,
          quantity: line.quantity,
          unit_price: line.price,
        }))),
    },
    // Two tabs that sell one cart: the second one finds nothing to delete.
    ...lines.map((line): Statement => ({
      key: `cart ${line.productId}`,
      rows: 1,
      build: (db) =>
        db.deleteFrom("cart_items").where("user_id", "=", userId)
          .where("product_id", "=", line.productId).where("quantity", "=", line.quantity),
    })),
    messageStatement({ orderId: id, sequence: 1, kind: "order.placed" }),
    movementStatement(
      lines.map(({ productId, quantity }) => ({ productId, quantity: -quantity })),
      "sale",
      id,
    ),
  ];
}

/** Places an order as one batch. It is the only way on D1, and takes one round trip there. */
const inOneBatch: PlaceOrder = async (till, draft) => {
  const takes = takesOf(draft);
  try {
    await till.all([...statementsOf(draft), ...takes.map(takeStatement)]);
  } catch (error) {
    throw toCartChanged(toOutOfStock(error, takes));
  }
};

/** Places an order in a transaction, in which a strategy takes from stock. */
function inTransaction(strategy: StockStrategy): PlaceOrder {
  const { take, takesFirst, isolationLevel, isConflict } = strategy;
  return async (till, draft) => {
    const takes = takesOf(draft);
    for (let conflicts = 0;; conflicts++) {
      try {
        return await till.transaction(async (trx) => {
          if (takesFirst) await take(trx, takes);
          await trx.all(statementsOf(draft));
          if (!takesFirst) await take(trx, takes);
        }, isolationLevel === undefined ? {} : { isolationLevel });
      } catch (error) {
        if (conflicts < MAX_CONFLICTS && isConflict?.(error)) continue;
        throw toCartChanged(error);
      }
    }
  };
}

function takesOf({ lines }: OrderDraft): Take[] {
  return lines.map(({ productId, quantity }) => ({ productId, quantity }));
}

function toCartChanged(error: unknown): unknown {
  return error instanceof BatchExpectationError && error.key.startsWith("cart ")
    ? new CartChanged("Cannot sell the cart: it has changed", { cause: error })
    : error;
}

/** The ways to sell stock, by name. */
export const PLACE_ORDER: Readonly<Record<CheckoutName, PlaceOrder>> = {
  "batch": inOneBatch,
  "conditional-update": inTransaction(conditionalUpdate),
  "row-lock": inTransaction(rowLock),
  "version-column": inTransaction(versionColumn),
  "serializable": inTransaction(serializable),
};
