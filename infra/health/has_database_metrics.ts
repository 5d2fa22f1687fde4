import type { QueryMetrics } from "@kysera/core";

/** A database that remembers its queries, as `withDebug` of `@kysera/debug` makes one. */
export interface DatabaseWithMetrics {
  /** The queries that it remembers. */
  getMetrics(): readonly QueryMetrics[];
}

/**
 * Returns whether a database remembers its queries.
 *
 * @param db anything
 *
 * @example
 * ```ts
 * import { hasDatabaseMetrics } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * assert.equal(hasDatabaseMetrics({ getMetrics: () => [] }), true);
 * assert.equal(hasDatabaseMetrics({}), false);
 * ```
 */
export function hasDatabaseMetrics(db: unknown): db is DatabaseWithMetrics {
  return typeof db === "object" && db !== null &&
    typeof (db as Partial<DatabaseWithMetrics>).getMetrics === "function";
}
