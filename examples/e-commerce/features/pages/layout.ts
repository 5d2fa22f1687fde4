import type { Context } from "hono";
import { html } from "hono/html";
import type { FieldErrors } from "../../platform/errors.ts";
import { toAmount } from "../../platform/money.ts";
import type { Caller, Store } from "../../platform/shop.ts";
import type { Env } from "../users/sessions.ts";

/** A piece of HTML: what is put into `html` literals is escaped unless it is one. */
export type Html = ReturnType<typeof html>;

/** Responds with a page. */
export async function page(
  c: Context<Env>,
  title: string,
  content: Html,
  status: 200 | 401 | 403 | 404 | 409 | 422 | 500 = 200,
): Promise<Response> {
  const session = c.get("session");
  const pieces = session === null ? 0 : await countPieces(c.get("store"));
  return await c.html(
    html`
      <!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>${title} · Shop</title>
          <link rel="stylesheet" href="/style.css">
          <link rel="icon" href="data:,">
        </head>
        <body>
          <a class="skip" href="#content">Skip to the content</a>
          <header>
            <strong><a href="/">Shop</a></strong>
            <nav aria-label="Main">${session === null
              ? visitorLinks
              : userLinks(session.caller, pieces)}</nav>
          </header>
          <main id="content">
          <h1>${title}</h1>
          ${content}
        </main>
        </body>
      </html>
    `,
    status,
  );
}

const visitorLinks = html`<a href="/login">Sign in</a> <a href="/register">Sign up</a>`;

const userLinks = ({ role }: Caller, pieces: number) =>
  html`<a href="/cart">Cart (${pieces})</a> <a href="/orders">Orders</a>
    ${role === "clerk" ? html`<a href="/reports">Reports</a>` : ""}
    <form method="post" action="/logout"><button>Sign out</button></form>`;

async function countPieces({ cart, userId }: Store): Promise<number> {
  return toAmount(await cart.sum("quantity", { where: { user_id: userId } }));
}

/** What a field of a form needs. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly type?: "text" | "email" | "password";
  readonly hint?: string;
  readonly autocomplete?: string;
}

/** A field with its label, and with what is wrong with it. */
export function field(
  { name, label, value = "", type = "text", hint, autocomplete = "off" }: Field,
  errors: FieldErrors,
): Html {
  const problem = errors[name]?.join(", ");
  const described = [hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(
    " ",
  );
  const attributes = html`id="${name}" name="${name}" aria-describedby="${described}"
    aria-invalid="${problem === undefined ? "false" : "true"}"`;
  return html`<div>
    <label for="${name}">${label}</label>
    ${hint === undefined ? "" : html`<p class="muted" id="${name}-hint">${hint}</p>`}
    <input ${attributes} type="${type}" value="${value}" autocomplete="${autocomplete}">
    ${
    problem === undefined
      ? ""
      : html`<p class="problem" id="${name}-problem">${label} ${problem}</p>`
  }
  </div>`;
}

/** The problems of a form that no field of it shows. */
export function summaryOf(errors: FieldErrors, fields: readonly string[]): Html | "" {
  const others = Object.entries(errors).filter(([name]) => !fields.includes(name));
  if (Object.keys(errors).length === 0) return "";
  return html`<div class="errors" role="alert">
    <p>Nothing was saved. Please correct what is marked.</p>
    ${
    others.length === 0
      ? ""
      : html`<ul>${
        others.map(([name, messages]) => html`<li>${name} ${messages.join(", ")}</li>`)
      }</ul>`
  }
  </div>`;
}

/** A time, for people and programs. */
export function time(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}
