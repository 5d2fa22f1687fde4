import { Hono } from "hono";
import type { Env } from "../users/sessions.ts";
import { listTags } from "./queries.ts";

/** `/tags` */
export function tagRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/tags", async (c) => c.json({ tags: await listTags(c.get("store")) }));
}
