import type { PoolMetrics } from "./pool_metrics.ts";

/** Something that tells how it is used. */
export interface WithPoolMetrics {
  /** How it is used now. */
  getMetrics(): PoolMetrics;
}

/** A pool that tells how it is used. */
export type MetricsPool<P extends object = object> = P & WithPoolMetrics;

/**
 * Returns whether a pool tells how it is used.
 *
 * @param pool anything
 *
 * @example
 * ```ts
 * import { createMetricsPool, isMetricsPool } from "@kysera/infra";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const database = new DatabaseSync(":memory:");
 * assert.equal(isMetricsPool(database), false);
 * assert.equal(isMetricsPool(createMetricsPool(database)), true);
 * ```
 */
export function isMetricsPool(pool: unknown): pool is MetricsPool {
  return typeof pool === "object" && pool !== null &&
    typeof (pool as Partial<MetricsPool>).getMetrics === "function";
}
