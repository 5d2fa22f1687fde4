import { type Context, Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import type { Shop } from "../../platform/shop.ts";
import { validate } from "../../platform/body.ts";
import type { Config } from "../../platform/config.ts";
import { ApiError, type FieldErrors } from "../../platform/errors.ts";
import { type Field, field, page, summaryOf } from "../pages/layout.ts";
import { type Account, logIn, register } from "./queries.ts";
import { Login, NewUser } from "./schema.ts";
import { COOKIE, createToken, type Env, SESSION_SECONDS } from "./sessions.ts";

const EMAIL: Field = { name: "email", label: "Email", type: "email", autocomplete: "email" };
const LOGIN_FIELDS: readonly Field[] = [
  EMAIL,
  { name: "password", label: "Password", type: "password", autocomplete: "current-password" },
];
const REGISTER_FIELDS: readonly Field[] = [
  { name: "name", label: "Name", autocomplete: "name" },
  EMAIL,
  {
    name: "password",
    label: "Password",
    type: "password",
    hint: "At least 8 characters",
    autocomplete: "new-password",
  },
];

/** The pages to sign in, up and out. */
export function userPages(
  shop: Shop,
  { jwtSecret, scrypt }: Pick<Config, "jwtSecret" | "scrypt">,
): Hono<Env> {
  const enter = async (
    c: Context<Env>,
    title: string,
    fields: readonly Field[],
    account: (form: unknown) => Promise<Account>,
  ): Promise<Response> => {
    const form = await c.req.parseBody();
    try {
      const { id } = await account(form);
      setCookie(c, COOKIE, await createToken(id, jwtSecret), {
        httpOnly: true,
        sameSite: "Lax",
        path: "/",
        maxAge: SESSION_SECONDS,
        // A browser keeps no secure cookie of a plain connection, such as that to a developer's server.
        secure: new URL(c.req.url).protocol === "https:",
      });
      return c.redirect("/", 303);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return await page(c, title, formOf(title, fields, error.errors, form), 422);
    }
  };
  return new Hono<Env>()
    .get("/login", (c) => page(c, "Sign in", formOf("Sign in", LOGIN_FIELDS)))
    .post(
      "/login",
      (c) =>
        enter(
          c,
          "Sign in",
          LOGIN_FIELDS,
          (form) => logIn(shop, validate(Login, form), scrypt),
        ),
    )
    .get("/register", (c) => page(c, "Sign up", formOf("Sign up", REGISTER_FIELDS)))
    .post(
      "/register",
      (c) =>
        enter(
          c,
          "Sign up",
          REGISTER_FIELDS,
          (form) => register(shop, validate(NewUser, form), scrypt),
        ),
    )
    .post("/logout", (c) => {
      deleteCookie(c, COOKIE, { path: "/" });
      return c.redirect("/", 303);
    });
}

function formOf(
  label: string,
  fields: readonly Field[],
  errors: FieldErrors = {},
  typed: Readonly<Record<string, unknown>> = {},
) {
  return html`${summaryOf(errors, fields.map(({ name }) => name))}
    <form method="post" class="stack">
      ${
    fields.map((each) =>
      field(
        // A password is not sent back.
        each.type === "password" ? each : { ...each, value: String(typed[each.name] ?? "") },
        errors,
      )
    )
  }
      <button class="main">${label}</button>
    </form>`;
}
