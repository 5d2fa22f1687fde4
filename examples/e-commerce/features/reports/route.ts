import { Hono } from "hono";
import { clerksOnly, type Env } from "../users/sessions.ts";
import { reports } from "./queries.ts";

/** `/reports`, for clerks. */
export function reportRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/reports", clerksOnly, async (c) => c.json(await reports(c.get("store").executor)));
}
