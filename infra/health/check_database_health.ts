import type { Kysely } from "kysely";
import type { DatabasePool } from "../pool/pool_metrics.ts";
import type { HealthCheckResult } from "./health_check_result.ts";
import { performHealthCheck } from "./perform_health_check.ts";

/**
 * Asks a database whether it is there. An answer within 100 ms is healthy, within 500 ms degraded;
 * one that takes longer, or fails, or has not come after 5 s is unhealthy.
 *
 * @param db the database, or an executor
 * @param pool the driver's pool, to look at as well
 * @returns what was found; a database that is not there is a result, not an error
 * @throws {BadRequestError} where `db` is not a database
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { checkDatabaseHealth } from "@kysera/infra";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const database = new DatabaseSync(":memory:");
 * const db = new Kysely<Record<string, never>>({ dialect: nodeSqliteDialect({ database }) });
 * const health = await checkDatabaseHealth(db, database);
 * assert.equal(health.status, "healthy");
 * assert.deepEqual(health.checks.map((check) => check.name), [
 *   "Database Connection",
 *   "Connection Pool",
 * ]);
 * await db.destroy();
 * ```
 */
export async function checkDatabaseHealth(
  db: Kysely<any>,
  pool?: DatabasePool,
): Promise<HealthCheckResult> {
  return await performHealthCheck(db, { pool });
}
