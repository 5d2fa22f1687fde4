import { findDatabaseError, UniqueConstraintError } from "@kysera/core";
import { BatchExpectationError } from "@kysera/executor";
import type { CheckoutName } from "../../platform/config.ts";
import { conflict, invalid, notFound } from "../../platform/errors.ts";
import { formatMoney } from "../../platform/money.ts";
import { type Page, readPage } from "../../platform/paging.ts";
import type { Caller, Shop, Store } from "../../platform/shop.ts";
import { readCart } from "../cart/queries.ts";
import { OutOfStock } from "../stock/strategy.ts";
import { changeStatements, TRANSITION } from "./change_order.ts";
import { CartChanged, PLACE_ORDER } from "./place_order.ts";

/** How often a request is begun anew because somebody else has changed what it had read. */
const MAX_ATTEMPTS = 5;

/** What belongs to an order. */
const PARTS = {
  lines: { orderBy: "product_id" },
  payments: { orderBy: "created_at" },
} as const;

/** The newest first; `id` decides between those of one millisecond. */
const NEWEST = [
  { column: "created_at", direction: "desc" },
  { column: "id", direction: "desc" },
] as const;

/** Lists the orders that the caller may see. */
export async function listOrders({ orders }: Store, page: Page) {
  return await readPage(
    page,
    (part) => orders.paginateCursor({ include: PARTS, orderBy: NEWEST, ...part }),
  );
}

/**
 * Reads an order with what belongs to it.
 *
 * @throws {ApiError} 404 if there is none that the caller may see
 */
export async function getOrder({ orders }: Store, id: string) {
  const order = await orders.findById(id, { include: PARTS });
  if (order === null) throw notFound("order");
  return order;
}

/** An order with what belongs to it. */
export type Order = Awaited<ReturnType<typeof getOrder>>;

/** What a customer asks for who buys what is in the cart. */
export interface CheckoutRequest {
  /** The total that the customer was shown, in cents. */
  readonly total: number;
  /** The same in each copy of the request, and in no other one of the customer. */
  readonly idempotencyKey: string;
  readonly checkout: CheckoutName;
}

/**
 * Sells the caller's cart. However often the request comes, and whether or not somebody has seen what
 * it was answered with, there is one order.
 *
 * @returns the order, and whether an earlier request has placed it
 * @throws {ApiError} 409 if the total has changed, or there is not enough in stock; 422 if the cart is
 * empty, or the key stands for another request
 */
export async function placeOrder(
  shop: Shop,
  caller: Caller,
  { total, idempotencyKey, checkout }: CheckoutRequest,
): Promise<{ readonly order: Order; readonly isReplay: boolean }> {
  const store = shop.on(caller);
  for (let attempt = 1;; attempt++) {
    // Before the key: a copy of this request that empties the cart meanwhile is then found by it.
    const cart = await readCart(store);
    const earlier = await store.orders.findOne({
      where: { user_id: caller.userId, idempotency_key: idempotencyKey },
    });
    if (earlier !== null) {
      if (earlier.total !== total) {
        throw invalid({ "idempotency-key": ["was used for another request"] });
      }
      return { order: await getOrder(store, earlier.id), isReplay: true };
    }
    if (cart.lines.length === 0) throw invalid({ cart: ["is empty"] });
    if (cart.total !== total) throw conflict("total", `is ${formatMoney(cart.total)} now`);
    const id = crypto.randomUUID();
    try {
      await PLACE_ORDER[checkout](shop.till(caller), {
        id,
        userId: caller.userId,
        idempotencyKey,
        lines: cart.lines,
        total,
        now: new Date(),
      });
      return { order: await getOrder(store, id), isReplay: false };
    } catch (error) {
      if (error instanceof OutOfStock) {
        const { name } = cart.lines.find(({ productId }) => productId === error.productId)!;
        throw conflict("stock", `has not enough of "${name}"`);
      }
      // A copy of this request is done, or the cart was changed in another tab: look again.
      const isOvertaken = error instanceof CartChanged ||
        findDatabaseError(error) instanceof UniqueConstraintError;
      if (!isOvertaken || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/**
 * Asks for an order to be cancelled: the worker gives back the money, if there was any, and then the
 * pieces. To ask again changes nothing.
 *
 * @throws {ApiError} 404 if the caller has no such order
 */
export async function cancelOrder(shop: Shop, caller: Caller, id: string): Promise<Order> {
  const till = shop.till(caller);
  for (let attempt = 1;; attempt++) {
    const order = await till.orders.findOne({ where: { id, user_id: caller.userId } });
    if (order === null) throw notFound("order");
    if (order.status !== "placed" && order.status !== "paid") return await getOrder(till, id);
    try {
      await till.all(changeStatements(order, "cancelling", "order.cancel_requested"));
      return await getOrder(till, id);
    } catch (error) {
      // It was paid meanwhile, say.
      const isOvertaken = error instanceof BatchExpectationError && error.key === TRANSITION;
      if (!isOvertaken || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
