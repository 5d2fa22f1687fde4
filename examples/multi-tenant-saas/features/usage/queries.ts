import type { Kysely } from "kysely";
import { ApiError } from "../../platform/errors.ts";
import type { Db, Saas } from "../../platform/saas.ts";
import type { Database } from "../../platform/schema.ts";
import { LIMITS, type Metric } from "./schema.ts";

/** Returns what the plan of an organisation allows. */
export async function limitsOf({ control }: Saas, organisation: string) {
  const { plan } = await control.selectFrom("organisations").select("plan")
    .where("id", "=", organisation).executeTakeFirstOrThrow();
  return { plan, limits: LIMITS[plan] ?? LIMITS["free"]! };
}

/**
 * Counts one more, in one statement: however many requests come at once, the limit holds.
 *
 * @param system the executor of the program, in the transaction of what is counted
 * @throws {ApiError} 402 if the plan allows no more
 */
export async function consume(
  system: Kysely<Database>,
  metric: Metric,
  limits: Readonly<Record<Metric, number>>,
): Promise<void> {
  const { numUpdatedRows } = await system.updateTable("usage_counters")
    .set((eb) => ({ used: eb("used", "+", 1) }))
    .where("metric", "=", metric).where("used", "<", limits[metric]).executeTakeFirst();
  if (numUpdatedRows === 0n) {
    throw new ApiError(402, "limit", `The plan allows ${limits[metric]} ${metric}`);
  }
}

/** Counts fewer. */
export async function release(system: Db, metric: Metric, count = 1): Promise<void> {
  await system.updateTable("usage_counters").set((eb) => ({ used: eb("used", "-", count) }))
    .where("metric", "=", metric).execute();
}
