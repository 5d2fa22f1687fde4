import { createQuery, type DbContext, parallel } from "@kysera/dal";
import { toAmount } from "../../platform/money.ts";
import type { Database } from "../../platform/schema.ts";

/** Below how many pieces a product is to be ordered. */
const LOW = 5;
/** How many rows a report has at most. */
const LIMIT = 20;

type Context = DbContext<Database>;

/** Adds up what was paid, and what was given back, by the day on which it was ordered. */
export const salesByDay = createQuery("salesByDay", async ({ db }: Context) => {
  const rows = await db.selectFrom("orders")
    .select((eb) => [
      "placed_on",
      eb.fn.countAll().as("orders"),
      eb.fn.sum(eb.case().when("status", "=", "paid").then(eb.ref("total")).else(0).end())
        .as("revenue"),
      eb.fn.sum(eb.case().when("status", "=", "refunded").then(eb.ref("total")).else(0).end())
        .as("refunded"),
    ])
    .groupBy("placed_on")
    .orderBy("placed_on", "desc")
    .limit(LIMIT)
    .execute();
  return rows.map(({ placed_on, orders, revenue, refunded }) => ({
    day: placed_on,
    orders: toAmount(orders),
    revenue: toAmount(revenue),
    refunded: toAmount(refunded),
  }));
});

/** Lists the products that were paid for most. */
export const bestSellers = createQuery("bestSellers", async ({ db }: Context) => {
  const rows = await db.selectFrom("order_lines as l")
    .innerJoin("orders as o", "o.id", "l.order_id")
    .where("o.status", "=", "paid")
    .select((eb) => [
      "l.sku",
      eb.fn.sum("l.quantity").as("pieces"),
      eb.fn.sum(eb("l.quantity", "*", eb.ref("l.unit_price"))).as("revenue"),
    ])
    .groupBy("l.sku")
    .orderBy("pieces", "desc")
    .orderBy("l.sku")
    .limit(LIMIT)
    .execute();
  return rows.map(({ sku, pieces, revenue }) => ({
    sku,
    pieces: toAmount(pieces),
    revenue: toAmount(revenue),
  }));
});

/** Lists products on sale of which few pieces are left. */
export const lowStock = createQuery("lowStock", ({ db }: Context) =>
  db.selectFrom("products as p")
    .innerJoin("stock as s", "s.product_id", "p.id")
    .where("s.on_hand", "<", LOW)
    .select(["p.sku", "p.name", "s.on_hand as inStock"])
    .orderBy("s.on_hand")
    .orderBy("p.sku")
    .limit(LIMIT)
    .execute());

/** Everything that the page of the clerks shows. */
export const reports = parallel({ sales: salesByDay, bestSellers, lowStock });
