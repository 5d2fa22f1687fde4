import { Hono } from "hono";
import { html } from "hono/html";
import * as z from "zod";
import { validate } from "../../platform/body.ts";
import { formatMoney } from "../../platform/money.ts";
import { page } from "../pages/layout.ts";
import { type Env, signedIn } from "../users/sessions.ts";
import { addItem, readCart, setItem } from "./queries.ts";
import { MAX_QUANTITY } from "./schema.ts";

const Quantity = z.object({
  quantity: z.coerce.number().int("must be a whole number").min(0).max(MAX_QUANTITY),
});

/** The cart, with the button that buys what is in it. */
export function cartPages(): Hono<Env> {
  return new Hono<Env>()
    .get("/cart", signedIn, async (c) => {
      const { lines, total } = await readCart(c.get("store"));
      if (lines.length === 0) {
        return await page(
          c,
          "Cart",
          html`<p>There is nothing in it. <a href="/">To the catalogue</a></p>`,
        );
      }
      return await page(
        c,
        "Cart",
        html`
          <ul class="list">${lines.map(({ sku, name, price, quantity }) =>
            html`
              <li class="line">
                <div>
                  <h2><a href="/products/${sku}">${name}</a></h2>
                  <p class="muted">${formatMoney(price)} each</p>
                </div>
                <form method="post" action="/cart/items/${sku}" class="row">
                  <input type="number" name="quantity" min="0" max="${MAX_QUANTITY}"
                    value="${quantity}" aria-label="Pieces of ${name}">
                  <button aria-label="Change the number of pieces of ${name}">Change</button>
                </form>
                <p class="price">${formatMoney(price * quantity)}</p>
              </li>
            `
          )}</ul>
          <p class="total">Total <strong>${formatMoney(total)}</strong></p>
          <form method="post" action="/orders">
            <input type="hidden" name="total" value="${total}">
            <!-- A second click, or a page that is loaded again, sends the same key. -->
            <input type="hidden" name="key" value="${crypto.randomUUID()}">
            <button class="main">Place the order</button>
          </form>
        `,
      );
    })
    .post("/cart/items/:sku", signedIn, async (c) => {
      const { quantity } = validate(Quantity, await c.req.parseBody());
      await setItem(c.get("store"), c.req.param("sku"), quantity);
      return c.redirect("/cart", 303);
    })
    .post("/cart/items/:sku/add", signedIn, async (c) => {
      await addItem(c.get("store"), c.req.param("sku"));
      return c.redirect("/cart", 303);
    });
}
