import { Hono } from "hono";
import { html } from "hono/html";
import * as z from "zod";
import { validate } from "../../platform/body.ts";
import type { Config } from "../../platform/config.ts";
import { formatMoney, MAX_TOTAL } from "../../platform/money.ts";
import { toIso } from "../../platform/schema.ts";
import type { Shop } from "../../platform/shop.ts";
import { page, time } from "../pages/layout.ts";
import type { PaymentsTable } from "../payments/schema.ts";
import { type Env, sessionOf, signedIn } from "../users/sessions.ts";
import { cancelOrder, getOrder, listOrders, placeOrder } from "./queries.ts";
import { IdempotencyKey, OrderQuery, type OrderStatus } from "./schema.ts";

const STATUS: Readonly<Record<OrderStatus, string>> = {
  placed: "Placed; the payment is under way",
  paid: "Paid",
  cancelling: "Being cancelled",
  cancelled: "Cancelled; nothing was paid",
  refunded: "Cancelled; the money is on its way back",
};

const PAYMENT: Readonly<Record<PaymentsTable["status"], string>> = {
  pending: "under way",
  succeeded: "done",
  declined: "declined",
};

const Checkout = z.object({
  total: z.coerce.number().int("must be a whole number").min(1).max(MAX_TOTAL),
  key: IdempotencyKey,
});

/** The orders of a customer: the list, each of them, and what can be done with one. */
export function orderPages(
  shop: Shop,
  { checkout }: Pick<Config, "checkout">,
  wake: () => void,
): Hono<Env> {
  return new Hono<Env>()
    .get("/orders", signedIn, async (c) => {
      const query = validate(OrderQuery, c.req.query());
      const { data, nextCursor } = await listOrders(c.get("store"), query);
      return await page(
        c,
        "Orders",
        html`${data.length === 0 ? html`<p>There are none yet.</p>` : ""}
        <ul class="list">${
          data.map(({ id, status, total, created_at, line_count }) =>
            html`
              <li class="line">
                <div>
                  <h2><a href="/orders/${id}">${time(toIso(created_at))}</a></h2>
                  <p class="muted">${STATUS[status]}</p>
                </div>
                <p class="muted">${line_count === 1 ? "1 product" : `${line_count} products`}</p>
                <p class="price">${formatMoney(total)}</p>
              </li>
            `
          )
        }</ul>
        ${
          nextCursor === null
            ? ""
            : html`<p><a href="/orders?cursor=${
              encodeURIComponent(nextCursor)
            }">Earlier orders</a></p>`
        }`,
      );
    })
    .post("/orders", signedIn, async (c) => {
      const { total, key } = validate(Checkout, await c.req.parseBody());
      const { order } = await placeOrder(shop, sessionOf(c).caller, {
        total,
        idempotencyKey: key,
        checkout,
      });
      wake();
      return c.redirect(`/orders/${order.id}`, 303);
    })
    .get("/orders/:id", signedIn, async (c) => {
      const { userId } = sessionOf(c).caller;
      const order = await getOrder(c.get("store"), c.req.param("id"));
      const { id, status, total, created_at, lines, payments } = order;
      const isUnderWay = status === "placed" || status === "cancelling";
      const mayCancel = order.user_id === userId && (status === "placed" || status === "paid");
      return await page(
        c,
        "Order",
        html`<p class="status">${STATUS[status]}</p>
        <p class="muted">Placed ${time(toIso(created_at))}, number ${id}</p>
        ${isUnderWay ? html`<p><a href="/orders/${id}">Look again</a></p>` : ""}
        <h2>Products</h2>
        <ul class="list">${
          lines.map(({ name, quantity, unit_price }) =>
            html`
              <li class="line">
                <div>${quantity} × ${name}
                              <p class="muted">${formatMoney(unit_price)} each</p></div>
                <p class="price">${formatMoney(unit_price * quantity)}</p>
              </li>
            `
          )
        }</ul>
        <p class="total">Total <strong>${formatMoney(total)}</strong></p>
        ${
          payments.length === 0 ? "" : html`
            <h2>Payments</h2>
            <ul class="list">${payments.map(({ kind, amount, status }) =>
              html`
                <li class="line">
                  <div>${kind === "charge" ? "Charge" : "Refund"}
                                  <p class="muted">${PAYMENT[status]}</p></div>
                  <p class="price">${formatMoney(amount)}</p>
                </li>
              `
            )}</ul>
          `
        }
        ${
          mayCancel
            ? html`<form method="post" action="/orders/${id}/cancel">
              <button class="danger">Cancel the order</button></form>`
            : ""
        }`,
      );
    })
    .post("/orders/:id/cancel", signedIn, async (c) => {
      const { id } = await cancelOrder(shop, sessionOf(c).caller, c.req.param("id"));
      wake();
      return c.redirect(`/orders/${id}`, 303);
    });
}
