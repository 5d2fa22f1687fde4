/** How a pool of connections is used. */
export interface PoolMetrics {
  /** How many connections are open. */
  readonly total: number;
  /** How many of them nobody uses. */
  readonly idle: number;
  /** How many are in use. */
  readonly active: number;
  /** How many callers wait for one. */
  readonly waiting: number;
  /** How many there may be, where the pool says so. */
  readonly max?: number | undefined;
}

/**
 * A pool, or what stands for one: those of `pg`, `mysql2` and `tarn`, a PGlite, a database of
 * `node:sqlite`, `better-sqlite3` or `bun:sqlite`, or anything with `getMetrics()`.
 */
export type DatabasePool = object;
