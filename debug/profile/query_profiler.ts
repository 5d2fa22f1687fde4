import { assertKnownOptions, type QueryMetrics } from "@kysera/core";
import { CircularBuffer } from "../circular_buffer.ts";
import type { QueryRecord } from "../query_record.ts";
import { subscribe, unsubscribe } from "./_profilers.ts";

/** Options of {@linkcode QueryProfiler}. */
export interface ProfilerOptions {
  /** How many of the last queries are kept. Default 1,000. */
  readonly maxQueries?: number | undefined;
  /** From how many milliseconds on a query is slow. Default 100. */
  readonly slowQueryThreshold?: number | undefined;
}

/** Times in milliseconds, over a number of queries. */
export interface Timings {
  /** How many queries. */
  readonly count: number;
  /** All of them together, in ms. */
  readonly total: number;
  /** The arithmetic mean, in ms. */
  readonly mean: number;
  /** Half of the queries took so many ms, or less: nearest rank. */
  readonly p50: number;
  /** 95 of 100 queries took so many ms, or less. */
  readonly p95: number;
  /** 99 of 100 queries took so many ms, or less. */
  readonly p99: number;
  /** The longest, in ms. */
  readonly max: number;
}

/** All runs of one query, whatever its values were. */
export interface ProfiledQuery extends Timings {
  /** See `fingerprint`. */
  readonly fingerprint: string;
  /** The SQL of its last run. */
  readonly sql: string;
}

/** What a profiler saw. */
export interface ProfilerReport extends Timings {
  /** How many of the queries failed. */
  readonly errors: number;
  /** Those that took the threshold or longer, the slowest first. */
  readonly slowQueries: readonly QueryMetrics[];
  /** By fingerprint, what took longest altogether first. */
  readonly byFingerprint: readonly ProfiledQuery[];
}

/** What a profiler saw, in short. */
export interface ProfilerSummary {
  /** How many queries. */
  readonly totalQueries: number;
  /** In milliseconds. */
  readonly totalDuration: number;
  /** In milliseconds; 0 of no queries. */
  readonly averageDuration: number;
  /** The slowest, or `null`. */
  readonly slowestQuery: QueryMetrics | null;
  /** The fastest, or `null`. */
  readonly fastestQuery: QueryMetrics | null;
  /** The queries, the oldest first. */
  readonly queries: readonly QueryMetrics[];
}

const OPTIONS: readonly (keyof ProfilerOptions)[] = ["maxQueries", "slowQueryThreshold"];

/**
 * Profiles queries: once it is started, all those of every instance that `withDebug` or
 * `debugPlugin` made. It keeps the last ones, so its memory is bounded.
 *
 * @example
 * ```ts
 * import { QueryProfiler, withDebug } from "@kysera/debug";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const debugDb = withDebug(db, { logQueries: false });
 *
 * const profiler = new QueryProfiler();
 * profiler.start();
 * await debugDb.schema.createTable("users").addColumn("id", "integer").execute();
 * await debugDb.selectFrom("users").selectAll().execute();
 * profiler.stop();
 *
 * const report = profiler.getReport();
 * assert.equal(report.count, 2);
 * assert.deepEqual(report.slowQueries, []);
 * await db.destroy();
 * ```
 */
export class QueryProfiler {
  readonly #queries: CircularBuffer<QueryMetrics & Partial<QueryRecord>>;
  readonly #threshold: number;
  readonly #listener = (record: QueryRecord): void => this.record(record);

  /**
   * Creates a profiler, which is not started.
   *
   * @param options see {@linkcode ProfilerOptions}
   * @throws {TypeError} for an unknown option
   */
  constructor(options: ProfilerOptions = {}) {
    assertKnownOptions(options, OPTIONS, { action: "profile queries", makeError: TypeError });
    this.#queries = new CircularBuffer(options.maxQueries ?? 1_000);
    this.#threshold = options.slowQueryThreshold ?? 100;
  }

  /** How many queries it keeps now. */
  get count(): number {
    return this.#queries.size;
  }

  /** Sees queries from now on. */
  start(): void {
    subscribe(this.#listener);
  }

  /** Sees no more queries; what it saw is kept. */
  stop(): void {
    unsubscribe(this.#listener);
  }

  /** Forgets what it saw. */
  clear(): void {
    this.#queries.clear();
  }

  /**
   * Notes a query that ran elsewhere.
   *
   * @param query the query
   */
  record(query: QueryMetrics): void {
    this.#queries.add(query);
  }

  /**
   * The report.
   *
   * @returns what was seen, as far as it is kept
   */
  getReport(): ProfilerReport {
    const queries = this.#queries.toArray();
    const groups = new Map<string, (QueryMetrics & Partial<QueryRecord>)[]>();
    for (const query of queries) {
      const key = query.fingerprint ?? query.sql;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [query]);
      else group.push(query);
    }
    return {
      ...timingsOf(queries),
      errors: queries.filter(({ error }) => error !== undefined).length,
      slowQueries: this.getSlowQueries(this.#threshold),
      byFingerprint: [...groups].map(([fingerprint, group]) => ({
        fingerprint,
        sql: group.at(-1)!.sql,
        ...timingsOf(group),
      })).sort((a, b) => b.total - a.total),
    };
  }

  /**
   * The queries in short.
   *
   * @returns totals, extremes, and the queries
   */
  getSummary(): ProfilerSummary {
    const queries = this.#queries.toArray();
    const [slowestQuery = null] = slowestFirst(queries);
    const fastestQuery = slowestFirst(queries).at(-1) ?? null;
    const { count, total, mean } = timingsOf(queries);
    return {
      totalQueries: count,
      totalDuration: total,
      averageDuration: mean,
      slowestQuery,
      fastestQuery,
      queries,
    };
  }

  /**
   * The slowest queries.
   *
   * @param limit how many at most
   * @returns the slowest first
   */
  getSlowestQueries(limit: number = 10): QueryMetrics[] {
    return slowestFirst(this.#queries.toArray()).slice(0, limit);
  }

  /**
   * The queries that took long.
   *
   * @param threshold how long, in milliseconds
   * @returns the slowest first
   */
  getSlowQueries(threshold: number): QueryMetrics[] {
    return slowestFirst(this.#queries.toArray()).filter(({ duration }) => duration >= threshold);
  }
}

function slowestFirst(queries: readonly QueryMetrics[]): QueryMetrics[] {
  return [...queries].sort((a, b) => b.duration - a.duration);
}

function timingsOf(queries: readonly QueryMetrics[]): Timings {
  const sorted = queries.map(({ duration }) => duration).sort((a, b) => a - b);
  const count = sorted.length;
  const total = sorted.reduce((sum, duration) => sum + duration, 0);
  const percentile = (p: number) => sorted[Math.max(0, Math.ceil(count * p) - 1)] ?? 0;
  return {
    count,
    total,
    mean: count === 0 ? 0 : total / count,
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    max: sorted.at(-1) ?? 0,
  };
}
