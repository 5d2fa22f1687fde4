import { Hono } from "hono";
import type { Blog } from "../../platform/blog.ts";
import { readBody } from "../../platform/body.ts";
import type { Config } from "../../platform/config.ts";
import { type Account, changeAccount, getAccount, logIn, register } from "./queries.ts";
import { Login, NewUser, UserChanges } from "./schema.ts";
import { createToken, type Env, sessionOf, signedIn } from "./sessions.ts";

/** `/users`, `/users/login` and `/user`. */
export function userRoutes(
  blog: Blog,
  { jwtSecret, scrypt }: Pick<Config, "jwtSecret" | "scrypt">,
): Hono<Env> {
  return new Hono<Env>()
    .post("/users", async (c) => {
      const account = await register(blog, await readBody(c, "user", NewUser), scrypt);
      return c.json(present(account, await createToken(account.id, jwtSecret)), 201);
    })
    .post("/users/login", async (c) => {
      const account = await logIn(blog, await readBody(c, "user", Login), scrypt);
      return c.json(present(account, await createToken(account.id, jwtSecret)));
    })
    .get("/user", signedIn, async (c) => {
      const { userId, token } = sessionOf(c);
      return c.json(present(await getAccount(c.get("store"), userId), token));
    })
    .put("/user", signedIn, async (c) => {
      const { userId, token } = sessionOf(c);
      const changes = await readBody(c, "user", UserChanges);
      return c.json(present(await changeAccount(c.get("store"), userId, changes, scrypt), token));
    });
}

function present({ email, username, bio, image }: Account, token: string) {
  return { user: { email, token, username, bio, image } };
}
