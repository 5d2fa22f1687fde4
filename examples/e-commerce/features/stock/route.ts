import { Hono } from "hono";
import { readBody } from "../../platform/body.ts";
import { clerksOnly, type Env } from "../users/sessions.ts";
import { receive } from "./queries.ts";
import { Receipt } from "./schema.ts";

/** `/products/:sku/receipts`. */
export function stockRoutes(): Hono<Env> {
  return new Hono<Env>()
    .post("/products/:sku/receipts", clerksOnly, async (c) => {
      const { quantity } = await readBody(c, Receipt);
      const { stock } = await receive(c.get("store"), c.req.param("sku"), quantity);
      return c.json({ inStock: stock?.on_hand ?? 0 }, 201);
    });
}
