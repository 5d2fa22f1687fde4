import { Hono } from "hono";
import { html } from "hono/html";
import { formatMoney } from "../../platform/money.ts";
import { type Html, page } from "../pages/layout.ts";
import { clerksOnly, type Env } from "../users/sessions.ts";
import { reports } from "./queries.ts";

/** The reports, for clerks. */
export function reportPages(): Hono<Env> {
  return new Hono<Env>()
    .get("/reports", clerksOnly, async (c) => {
      const { sales, bestSellers, lowStock } = await reports(c.get("store").executor);
      return await page(
        c,
        "Reports",
        html`${
          table(
            "Sales by day",
            ["Day", "Orders", "Revenue", "Refunded"],
            sales.map(({ day, orders, revenue, refunded }) => [
              day,
              String(orders),
              formatMoney(revenue),
              formatMoney(refunded),
            ]),
          )
        }
        ${
          table(
            "Best sellers",
            ["Product", "Pieces", "Revenue"],
            bestSellers.map(({ sku, pieces, revenue }) => [
              sku,
              String(pieces),
              formatMoney(revenue),
            ]),
          )
        }
        ${
          table(
            "To be ordered",
            ["Product", "Left"],
            lowStock.map(({ name, inStock }) => [name, String(inStock)]),
          )
        }`,
      );
    });
}

function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Html {
  return html`
    <table>
      <caption>${caption}</caption>
      <thead>
        <tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr>
      </thead>
      <tbody>${rows.map(([first, ...others]) =>
        html`<tr><th scope="row">${first}</th>${others.map((text) => html`<td>${text}</td>`)}</tr>`
      )}</tbody>
    </table>
      ${rows.length === 0 ? html`<p class="muted">Nothing yet.</p>` : ""}
  `;
}
