import { Hono } from "hono";
import { readBody } from "../../platform/body.ts";
import type { Config } from "../../platform/config.ts";
import type { Shop } from "../../platform/shop.ts";
import { type Account, logIn, register } from "./queries.ts";
import { Login, NewUser } from "./schema.ts";
import { createToken, type Env, sessionOf, signedIn } from "./sessions.ts";

/** `/users`, `/users/login` and `/user`. */
export function userRoutes(
  shop: Shop,
  { jwtSecret, scrypt }: Pick<Config, "jwtSecret" | "scrypt">,
): Hono<Env> {
  return new Hono<Env>()
    .post("/users", async (c) => {
      const account = await register(shop, await readBody(c, NewUser), scrypt);
      return c.json(present(account, await createToken(account.id, jwtSecret)), 201);
    })
    .post("/users/login", async (c) => {
      const account = await logIn(shop, await readBody(c, Login), scrypt);
      return c.json(present(account, await createToken(account.id, jwtSecret)));
    })
    .get("/user", signedIn, async (c) => {
      const { caller, token } = sessionOf(c);
      const store = c.get("store");
      const points = (await store.accounts.findById(caller.userId))?.points ?? 0;
      return c.json({ ...present(await store.users.getById(caller.userId), token), points });
    });
}

function present({ name, email, role }: Account, token: string) {
  return { token, name, email, role };
}
