import type { MigrationOperation } from "../migration.ts";
import type { MigrationPlugin } from "../runner/migration_plugin.ts";

/** How one migration went. */
export interface MigrationMetric {
  /** The migration. */
  readonly name: string;
  /** Which way it ran. */
  readonly operation: MigrationOperation;
  /** How long it took, in milliseconds; until it failed, where it did. */
  readonly duration: number;
  /** Whether it got to its end. */
  readonly success: boolean;
}

/** A plugin that keeps how migrations went. */
export interface MetricsPlugin extends MigrationPlugin {
  /** Returns how they went, in the order in which they ran. */
  getMetrics(): { readonly migrations: MigrationMetric[] };
}

/**
 * Creates a plugin that keeps how long each migration took.
 *
 * @returns the plugin
 *
 * @example
 * ```ts
 * import { createMetricsPlugin } from "@kysera/migrations";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(createMetricsPlugin().getMetrics(), { migrations: [] });
 * ```
 */
export function createMetricsPlugin(): MetricsPlugin {
  const migrations: MigrationMetric[] = [];
  let start = 0;
  return {
    name: "@kysera/migrations/metrics",
    version: "0.9.0",
    beforeMigration: () => {
      start = performance.now();
    },
    afterMigration: ({ name }, operation, duration) =>
      void migrations.push({ name, operation, duration, success: true }),
    onMigrationError: ({ name }, operation) =>
      void migrations.push({
        name,
        operation,
        duration: performance.now() - start,
        success: false,
      }),
    getMetrics: () => ({ migrations: [...migrations] }),
  };
}
