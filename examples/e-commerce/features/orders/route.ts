import { Hono } from "hono";
import { readBody, validate } from "../../platform/body.ts";
import type { Config } from "../../platform/config.ts";
import { invalid } from "../../platform/errors.ts";
import { toIso } from "../../platform/schema.ts";
import type { Shop } from "../../platform/shop.ts";
import { type Env, sessionOf, signedIn } from "../users/sessions.ts";
import { cancelOrder, getOrder, listOrders, type Order, placeOrder } from "./queries.ts";
import { IdempotencyKey, NewOrder, OrderQuery } from "./schema.ts";

/**
 * `/orders`.
 *
 * @param wake tells the worker that there is a message, so that nobody waits for it to look
 */
export function orderRoutes(
  shop: Shop,
  { checkout }: Pick<Config, "checkout">,
  wake: () => void,
): Hono<Env> {
  return new Hono<Env>()
    .get("/orders", signedIn, async (c) => {
      const page = validate(OrderQuery, c.req.query());
      const { data, nextCursor } = await listOrders(c.get("store"), page);
      return c.json({ orders: data.map(present), nextCursor });
    })
    .post("/orders", signedIn, async (c) => {
      const key = IdempotencyKey.safeParse(c.req.header("idempotency-key"));
      if (!key.success) throw invalid({ "idempotency-key": [key.error.issues[0]!.message] });
      const { total } = await readBody(c, NewOrder);
      const { order, isReplay } = await placeOrder(shop, sessionOf(c).caller, {
        total,
        idempotencyKey: key.data,
        checkout,
      });
      wake();
      return c.json({ order: present(order) }, isReplay ? 200 : 201);
    })
    .get(
      "/orders/:id",
      signedIn,
      async (c) => c.json({ order: present(await getOrder(c.get("store"), c.req.param("id"))) }),
    )
    .post("/orders/:id/cancel", signedIn, async (c) => {
      const order = await cancelOrder(shop, sessionOf(c).caller, c.req.param("id"));
      wake();
      return c.json({ order: present(order) }, 202);
    });
}

function present({ id, status, total, created_at, lines, payments }: Order) {
  return {
    id,
    status,
    total,
    placedAt: toIso(created_at),
    lines: lines.map(({ sku, name, quantity, unit_price }) => ({
      sku,
      name,
      quantity,
      unitPrice: unit_price,
    })),
    payments: payments.map(({ kind, status, amount }) => ({ kind, status, amount })),
  };
}
