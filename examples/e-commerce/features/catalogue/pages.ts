import { Hono } from "hono";
import { html } from "hono/html";
import { validate } from "../../platform/body.ts";
import { formatMoney } from "../../platform/money.ts";
import { type Html, page } from "../pages/layout.ts";
import type { Env } from "../users/sessions.ts";
import { findProduct, listProducts, type Product } from "./queries.ts";
import { ProductQuery } from "./schema.ts";

/** The catalogue, and a page for each product. */
export function cataloguePages(): Hono<Env> {
  return new Hono<Env>()
    .get("/", async (c) => {
      const query = validate(ProductQuery, c.req.query());
      const { data, nextCursor } = await listProducts(c.get("store"), query);
      return await page(
        c,
        "Catalogue",
        html`<form class="search" role="search">
          <input type="search" name="search" aria-label="Search products" maxlength="12"
            value="${query.search ?? ""}"><button>Search</button>
        </form>
        ${data.length === 0 ? html`<p>Nothing was found.</p>` : ""}
        <ul class="grid">${
          data.map((product) =>
            html`<li>
              <h2><a href="/products/${product.sku}">${product.name}</a></h2>
              <p class="price">${formatMoney(product.price)}</p>
              <p class="muted">${stockText(product)}</p>
              ${addButton(product)}
            </li>`
          )
        }</ul>
        ${
          nextCursor === null ? "" : html`<p><a href="/?${
            new URLSearchParams({
              ...query.search === undefined ? {} : { search: query.search },
              cursor: nextCursor,
            }).toString()
          }">More products</a></p>`
        }`,
      );
    })
    .get("/products/:sku", async (c) => {
      const product = await findProduct(c.get("store"), c.req.param("sku"));
      return await page(
        c,
        product.name,
        html`<p class="price">${formatMoney(product.price)}</p>
        <p>${product.description}</p>
        <p class="muted">${stockText(product)}</p>
        ${addButton(product)}`,
      );
    });
}

function stockText({ stock }: Product): string {
  const left = stock?.on_hand ?? 0;
  return left === 0 ? "Sold out" : left < 5 ? `Only ${left} left` : `${left} in stock`;
}

function addButton({ sku, name, stock }: Product): Html | "" {
  if ((stock?.on_hand ?? 0) === 0) return "";
  return html`
    <form method="post" action="/cart/items/${sku}/add">
      <button class="main" aria-label="Add to cart: ${name}">Add to cart</button>
    </form>
  `;
}
