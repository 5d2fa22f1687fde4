import { BadRequestError } from "@kysera/core";
import { getPoolMetrics } from "./get_pool_metrics.ts";
import { isMetricsPool, type MetricsPool } from "./is_metrics_pool.ts";
import type { PoolMetrics } from "./pool_metrics.ts";

/**
 * Creates a pool with a method `getMetrics()` beside its own. The pool that is given stays as it
 * is.
 *
 * @param pool the pool of a driver, see {@linkcode DatabasePool}
 * @returns the same pool for whoever uses it, a dialect of Kysely as well
 * @throws {BadRequestError} where the pool has no gauges
 *
 * @example
 * ```ts
 * import { createMetricsPool } from "@kysera/infra";
 * import { Kysely, PostgresDialect } from "kysely";
 * import { Pool } from "pg";
 * import assert from "node:assert/strict";
 *
 * const metricsPool = createMetricsPool(new Pool({ max: 5 }));
 * const db = new Kysely<object>({ dialect: new PostgresDialect({ pool: metricsPool }) });
 * assert.deepEqual(metricsPool.getMetrics(), {
 *   total: 0,
 *   idle: 0,
 *   active: 0,
 *   waiting: 0,
 *   max: 5,
 * });
 * await db.destroy();
 * ```
 */
export function createMetricsPool<P extends object>(pool: P): MetricsPool<P> {
  if (isMetricsPool(pool)) return pool;
  if (typeof pool !== "object" || pool === null || getPoolMetrics(pool) === undefined) {
    throw new BadRequestError(
      "Cannot measure the pool: it is none of pg, mysql2, tarn, PGlite or SQLite; " +
        "give an object with getMetrics()",
    );
  }
  const getMetrics = (): PoolMetrics => getPoolMetrics(pool)!;
  const bound = new Map<PropertyKey, unknown>();
  return new Proxy(pool, {
    get(target, key) {
      if (key === "getMetrics") return getMetrics;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      // Drivers keep private state that a Proxy as `this` has no part in.
      const known = bound.get(key) ?? value.bind(target);
      bound.set(key, known);
      return known;
    },
    has: (target, key) => key === "getMetrics" || Reflect.has(target, key),
  }) as MetricsPool<P>;
}
