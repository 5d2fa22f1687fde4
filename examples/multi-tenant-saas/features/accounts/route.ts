import { Hono } from "hono";
import { readBody } from "../../platform/body.ts";
import { limitLogins } from "../../platform/rate_limits.ts";
import type { Saas } from "../../platform/saas.ts";
import { login, signUp } from "./queries.ts";
import { Login, SignUp } from "./schema.ts";

/** `/signup` and `/login`. */
export function accountRoutes(saas: Saas): Hono {
  const logins = limitLogins(saas.config);
  return new Hono()
    .post("/signup", async (c) => {
      const input = await readBody(c, SignUp);
      await logins(input.email);
      return c.json({ token: await signUp(saas, input) }, 201);
    })
    .post("/login", async (c) => {
      const input = await readBody(c, Login);
      await logins(input.email);
      return c.json({ token: await login(saas, input) });
    });
}
