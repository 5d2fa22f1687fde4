import { Hono } from "hono";
import type { Saas } from "../../platform/saas.ts";
import type { Env } from "../accounts/session.ts";
import { limitsOf } from "./queries.ts";

/** `/usage`: what the organisation has, and what its plan allows. */
export function usageRoutes(saas: Saas): Hono<Env> {
  return new Hono<Env>().get("/usage", async (c) => {
    const { db, organisation } = c.get("session");
    const counters = await db.selectFrom("usage_counters").select(["metric", "used"])
      .orderBy("metric").execute();
    const { plan, limits } = await limitsOf(saas, organisation);
    return c.json({
      plan,
      usage: counters.map(({ metric, used }) => ({
        metric,
        used,
        limit: limits[metric as keyof typeof limits],
      })),
    });
  });
}
