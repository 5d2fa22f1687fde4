import { type Context, Hono } from "hono";
import { readBody } from "../../platform/body.ts";
import { type Env, signedIn } from "../users/sessions.ts";
import { readCart, setItem } from "./queries.ts";
import { CartItem } from "./schema.ts";

/** `/cart`. */
export function cartRoutes(): Hono<Env> {
  const show = async (c: Context<Env>) => {
    const { lines, total } = await readCart(c.get("store"));
    return c.json({
      cart: { lines: lines.map(({ productId: _, ...line }) => line), total },
    });
  };
  return new Hono<Env>()
    .get("/cart", signedIn, show)
    .put("/cart/items/:sku", signedIn, async (c) => {
      const { quantity } = await readBody(c, CartItem);
      await setItem(c.get("store"), c.req.param("sku"), quantity);
      return await show(c);
    })
    .delete("/cart/items/:sku", signedIn, async (c) => {
      await setItem(c.get("store"), c.req.param("sku"), 0);
      return await show(c);
    });
}
