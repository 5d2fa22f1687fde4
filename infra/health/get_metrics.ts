import { BadRequestError } from "@kysera/core";
import {
  type Check,
  checkOptions,
  clock as clockCheck,
  either,
  ms,
  someMs,
  something,
} from "../_options.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import { getPoolMetrics } from "../pool/get_pool_metrics.ts";
import type { DatabasePool, PoolMetrics } from "../pool/pool_metrics.ts";
import { hasDatabaseMetrics } from "./has_database_metrics.ts";

/** Options of {@linkcode getMetrics}. An option that is not one of these is an error. */
export interface MetricsOptions {
  /** How far to look back: ms, or a number with `s`, `m`, `h` or `d`. Default `"1h"`. */
  readonly period?: string | number | undefined;
  /** The driver's pool, to look at as well. */
  readonly pool?: DatabasePool | undefined;
  /** From how many ms on a query counts as slow. Default 100. */
  readonly slowQueryThreshold?: number | undefined;
  /** Where the time comes from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/** How long the queries of a period took, in ms. */
export interface QueryStatistics {
  /** How many there were. */
  readonly total: number;
  /** The mean, in ms. */
  readonly avgDuration: number;
  /** The shortest, in ms. */
  readonly minDuration: number;
  /** The longest, in ms. */
  readonly maxDuration: number;
  /** What 95 of 100 did not exceed, in ms. */
  readonly p95Duration: number;
  /** What 99 of 100 did not exceed, in ms. */
  readonly p99Duration: number;
  /** How many were slow. */
  readonly slowCount: number;
}

/** What {@linkcode getMetrics} finds. */
export interface MetricsResult {
  /** How far it looks back, in ms. */
  readonly period: number;
  /** When it was asked. */
  readonly timestamp: Date;
  /** The queries; not there where there were none, or the database remembers none. */
  readonly queries?: QueryStatistics | undefined;
  /** How the pool is used, where one was given that tells. */
  readonly pool?: PoolMetrics | undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PERIOD = /^(\d+)([smhd])$/;

const period: Check = (value) =>
  typeof value === "string" && PERIOD.test(value)
    ? undefined
    : 'give a number of ms, or a number with a unit, such as "1h"';

/**
 * Returns figures of the queries of the last minutes, and of the pool: counts, and durations in ms.
 *
 * @param db a database that remembers its queries, as `withDebug` of `@kysera/debug` makes one
 * @param options see {@linkcode MetricsOptions}
 * @returns what was found
 * @throws {BadRequestError} for an unknown option, or where there is nothing to look at
 *
 * @example
 * ```ts
 * import { getMetrics } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const timestamp = Date.now();
 * const db = { getMetrics: () => [{ sql: "select 1", duration: 120, timestamp }] };
 * const { queries } = getMetrics(db, { period: "5m", slowQueryThreshold: 100 });
 * assert.equal(queries?.slowCount, 1);
 * ```
 */
export function getMetrics(db: object, options: MetricsOptions = {}): MetricsResult {
  checkOptions("read metrics", options, {
    period: either(someMs, period),
    pool: something,
    slowQueryThreshold: ms,
    clock: clockCheck,
  });
  const { pool, slowQueryThreshold = 100, clock = systemClock } = options;
  const gauges = pool === undefined ? undefined : getPoolMetrics(pool);
  if (!hasDatabaseMetrics(db) && gauges === undefined) {
    throw new BadRequestError(
      "Cannot read metrics: the database remembers no queries; give one that withDebug() of " +
        "@kysera/debug makes, or a pool",
    );
  }
  const length = inMs(options.period ?? "1h");
  const since = clock.time() - length;
  const durations = (hasDatabaseMetrics(db) ? db.getMetrics() : [])
    .filter((query) => query.timestamp >= since)
    .map((query) => query.duration)
    .sort((a, b) => a - b);
  return {
    period: length,
    timestamp: new Date(clock.time()),
    ...durations.length > 0 ? { queries: statistics(durations, slowQueryThreshold) } : {},
    ...gauges === undefined ? {} : { pool: gauges },
  };
}

function statistics(sorted: readonly number[], slow: number): QueryStatistics {
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return {
    total: sorted.length,
    avgDuration: sorted.reduce((sum, duration) => sum + duration, 0) / sorted.length,
    minDuration: sorted[0]!,
    maxDuration: sorted.at(-1)!,
    p95Duration: rank(0.95),
    p99Duration: rank(0.99),
    slowCount: sorted.filter((duration) => duration >= slow).length,
  };
}

function inMs(period: string | number): number {
  if (typeof period === "number") return period;
  const [, count, unit] = PERIOD.exec(period)!;
  return Number(count) * UNITS[unit!]!;
}
