import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { html } from "hono/html";
import { secureHeaders } from "hono/secure-headers";
import type { Shop } from "../../platform/shop.ts";
import type { Config } from "../../platform/config.ts";
import { notFound, toApiError } from "../../platform/errors.ts";
import { cartPages } from "../cart/pages.ts";
import { cataloguePages } from "../catalogue/pages.ts";
import { orderPages } from "../orders/pages.ts";
import { reportPages } from "../reports/pages.ts";
import { userPages } from "../users/pages.ts";
import { authenticateByCookie, type Env } from "../users/sessions.ts";
import { page } from "./layout.ts";
import { STYLE } from "./style.ts";

const TITLES: Readonly<Record<number, string>> = {
  403: "You may not do this",
  404: "There is no such page",
  409: "Something has changed",
  422: "That could not be done",
};

/** The pages: the same queries as the API, for people, without scripts. */
export function pageRoutes(
  shop: Shop,
  config: Pick<Config, "jwtSecret" | "scrypt" | "checkout">,
  wake: () => void,
): Hono<Env> {
  const pages = new Hono<Env>();
  pages.onError(async (error, c) => {
    const { status, errors } = toApiError(error);
    if (status === 401) return c.redirect("/login", 303);
    const title = TITLES[status] ?? "Something went wrong";
    const known = status === 403 || status === 404 || status === 409 || status === 422;
    const messages = Object.entries(errors).map(([name, texts]) => `${name} ${texts.join(", ")}`);
    const way = status === 409 ? html`<p><a href="/cart">Back to the cart</a></p>` : "";
    return await page(c, title, html`<p>${messages.join("; ")}</p>${way}`, known ? status : 500);
  });
  pages.get("/style.css", (c) => {
    c.header("cache-control", "max-age=3600");
    return c.body(STYLE, 200, { "content-type": "text/css; charset=utf-8" });
  });
  pages.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["data:"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
  }));
  pages.use(authenticateByCookie(shop, config.jwtSecret));
  // A form of another site is refused, though the browser sends the cookie with it.
  pages.use(csrf());
  pages.route("/", userPages(shop, config));
  pages.route("/", cataloguePages());
  pages.route("/", cartPages());
  pages.route("/", orderPages(shop, config, wake));
  pages.route("/", reportPages());
  pages.all("*", () => {
    throw notFound("page");
  });
  return pages;
}
