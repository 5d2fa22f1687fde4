import { isMetricsPool } from "./is_metrics_pool.ts";
import type { DatabasePool, PoolMetrics } from "./pool_metrics.ts";

/** Reads the gauges of one kind of pool; nothing where it is another kind. */
type Reader = (pool: Record<string, unknown>) => PoolMetrics | undefined;

const READERS: readonly Reader[] = [readPg, readMysql2, readTarn, readPGlite, readSqlite];

/**
 * Returns how a pool is used, whichever driver it is of: numbers of connections.
 *
 * @param pool the pool
 * @returns its gauges; `undefined` for a pool that has none
 *
 * @example
 * ```ts
 * import { getPoolMetrics } from "@kysera/infra";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const database = new DatabaseSync(":memory:");
 * assert.deepEqual(getPoolMetrics(database), { total: 1, idle: 1, active: 0, waiting: 0, max: 1 });
 * ```
 */
export function getPoolMetrics(pool: DatabasePool): PoolMetrics | undefined {
  if (isMetricsPool(pool)) return pool.getMetrics();
  for (const read of READERS) {
    // Fields are looked at one by one, by those who read them.
    const metrics = read(pool as Record<string, unknown>);
    if (metrics !== undefined) return metrics;
  }
  return undefined;
}

/** `pg`, and pools that count as it does. */
function readPg(pool: Record<string, unknown>): PoolMetrics | undefined {
  const { totalCount: total, idleCount: idle, waitingCount: waiting, options } = pool;
  if (!isCount(total) || !isCount(idle) || !isCount(waiting)) return undefined;
  return gauges(total, idle, waiting, (options as { max?: unknown } | undefined)?.max);
}

/** `mysql2`, whose counts are in fields of its own; the pool with promises has the other inside. */
function readMysql2(pool: Record<string, unknown>): PoolMetrics | undefined {
  const core = (isObject(pool["pool"]) ? pool["pool"] : pool) as Record<string, unknown>;
  const all = lengthOf(core["_allConnections"]);
  const free = lengthOf(core["_freeConnections"]);
  const queue = lengthOf(core["_connectionQueue"]);
  if (all === undefined || free === undefined || queue === undefined) return undefined;
  const config = core["config"] as { connectionLimit?: unknown } | undefined;
  return gauges(all, free, queue, config?.connectionLimit);
}

/** `tarn`, which Kysely's dialect of SQL Server uses. */
function readTarn(pool: Record<string, unknown>): PoolMetrics | undefined {
  const used = call(pool, "numUsed");
  const free = call(pool, "numFree");
  const waiting = call(pool, "numPendingAcquires");
  if (!isCount(used) || !isCount(free) || !isCount(waiting)) return undefined;
  return gauges(used + free, free, waiting, pool["max"]);
}

/** PGlite, which is one connection. */
function readPGlite(pool: Record<string, unknown>): PoolMetrics | undefined {
  const { ready, closed } = pool;
  if (typeof ready !== "boolean" || typeof closed !== "boolean") return undefined;
  const open = ready && !closed;
  // It can say so no sooner and no later.
  return single(open, open && call(pool, "isInTransaction") === true);
}

/** `node:sqlite`, `better-sqlite3` and `bun:sqlite`: one connection each. */
function readSqlite(pool: Record<string, unknown>): PoolMetrics | undefined {
  if (typeof pool["prepare"] !== "function") return undefined;
  const open = pool["isOpen"] ?? pool["open"];
  // node:sqlite refuses to say once it is closed
  if (open === false) return single(false, false);
  const busy = pool["isTransaction"] ?? pool["inTransaction"];
  return typeof busy === "boolean" ? single(true, busy) : undefined;
}

function single(open: boolean, busy: boolean): PoolMetrics {
  return gauges(open ? 1 : 0, open && !busy ? 1 : 0, 0, 1);
}

function gauges(total: number, idle: number, waiting: number, max: unknown): PoolMetrics {
  return { total, idle, active: total - idle, waiting, ...isCount(max) ? { max } : {} };
}

function call(pool: Record<string, unknown>, name: string): unknown {
  const method = pool[name];
  return typeof method === "function" ? method.call(pool) : undefined;
}

function lengthOf(list: unknown): number | undefined {
  const length = isObject(list) ? list["length"] : undefined;
  return isCount(length) ? length : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
