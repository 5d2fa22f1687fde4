import { assertKnownOptions } from "@kysera/core";
import {
  createExecutorSync,
  type ExecutorOf,
  getPlugins,
  isKyseraExecutor,
} from "@kysera/executor";
import type { CompiledQuery, Kysely } from "kysely";
import { recorderOf } from "./_recorders.ts";
import { debugPlugin } from "./debug_plugin.ts";
import { Detector } from "./detect/_detector.ts";
import type { Warning, WarningKind } from "./detect/warning.ts";
import type { QueryRecord } from "./query_record.ts";

/** What queries are expected to be. */
export interface QueryExpectations {
  /** How many there are. */
  readonly exactly?: number | undefined;
  /** How many there are at most. */
  readonly max?: number | undefined;
  /** How many there are at least. Default 1, so that work which no query is seen of does not pass. */
  readonly min?: number | undefined;
  /** No query runs `nPlusOneThreshold` times with other values. */
  readonly noNPlusOne?: boolean | undefined;
  /** How often a query runs with other values to be an N+1. Default 3. */
  readonly nPlusOneThreshold?: number | undefined;
  /** No query runs twice with the same values. */
  readonly noDuplicates?: boolean | undefined;
  /** No SELECT reads a whole table. */
  readonly noUnboundedSelect?: boolean | undefined;
  /** No UPDATE or DELETE is without WHERE. */
  readonly noUnconditionalWrite?: boolean | undefined;
  /** No query takes longer, in milliseconds. */
  readonly maxDuration?: number | undefined;
}

const OPTIONS: readonly (keyof QueryExpectations)[] = [
  "exactly",
  "max",
  "min",
  "noNPlusOne",
  "nPlusOneThreshold",
  "noDuplicates",
  "noUnboundedSelect",
  "noUnconditionalWrite",
  "maxDuration",
];

/** The queries of some work are not what was expected. */
export class QueryAssertionError extends Error {
  static {
    this.prototype.name = "QueryAssertionError";
  }

  /** The queries. */
  readonly queries: readonly QueryRecord[];
  /** What is wrong with them. */
  readonly warnings: readonly Warning[];

  /**
   * @param message what was expected
   * @param queries the queries
   * @param warnings what is wrong with them
   */
  constructor(message: string, queries: readonly QueryRecord[], warnings: readonly Warning[]) {
    const list = queries.map(({ sql }, i) => `  ${i + 1}. ${sql}`).join("\n");
    super(list === "" ? message : `${message}\n${list}`);
    this.queries = queries;
    this.warnings = warnings;
  }
}

/**
 * Runs work, and fails where its queries are too many, or of a kind that they should not be.
 *
 * @param executor the database, or an executor. The queries of its instance that `fn` is given are
 * counted; where it was made by `withDebug` or with `debugPlugin`, those of all its instances
 * @param expected see {@linkcode QueryExpectations}
 * @param fn the work
 * @returns what the work returned
 * @throws {QueryAssertionError} where the queries are not as expected; it lists their SQL
 * @throws what the work throws
 *
 * @example
 * ```ts
 * import { assertQueries } from "@kysera/debug";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer)");
 * const db = new Kysely<{ users: { id: number } }>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const one = (db: Kysely<{ users: { id: number } }>, id: number) =>
 *   db.selectFrom("users").selectAll().where("id", "=", id).execute();
 *
 * await assertQueries(db, { max: 1 }, (db) => one(db, 1));
 * await assert.rejects(
 *   assertQueries(db, { noNPlusOne: true }, (db) => Promise.all([1, 2, 3].map((id) => one(db, id)))),
 *   /each time with other values/,
 * );
 * await db.destroy();
 * ```
 */
export async function assertQueries<DB, T>(
  executor: ExecutorOf<DB>,
  expected: QueryExpectations,
  fn: (db: Kysely<DB>) => Promise<T>,
): Promise<T> {
  assertKnownOptions(expected, OPTIONS, { action: "assert queries", makeError: TypeError });
  let db: Kysely<DB> = executor;
  let recorder = isKyseraExecutor(executor) ? recorderOf(getPlugins(executor)) : undefined;
  if (recorder === undefined) {
    const plugin = debugPlugin({ logQueries: false, slowQueryThreshold: Infinity, maxMetrics: 1 });
    recorder = recorderOf([plugin])!;
    db = createExecutorSync(executor, [plugin]);
  }
  const queries: QueryRecord[] = [];
  const warnings: Warning[] = [];
  const detector = new Detector({
    kinds: kindsOf(expected),
    nPlusOneThreshold: expected.nPlusOneThreshold ?? 3,
    window: Infinity,
  });
  const listen = (record: QueryRecord, query: CompiledQuery, at: number): void => {
    queries.push(record);
    warnings.push(...detector.look(query, record, at));
  };
  recorder.listeners.add(listen);
  let result: T;
  try {
    result = await fn(db);
  } finally {
    recorder.listeners.delete(listen);
  }
  const latest = warnings.map((warning) => detector.latest(warning));
  const failure = failureOf(expected, queries, latest);
  if (failure !== undefined) throw new QueryAssertionError(failure, queries, latest);
  return result;
}

function kindsOf(expected: QueryExpectations): ReadonlySet<WarningKind> {
  const kinds = new Set<WarningKind>();
  if (expected.noNPlusOne) kinds.add("n-plus-one");
  if (expected.noDuplicates) kinds.add("duplicate");
  if (expected.noUnboundedSelect) kinds.add("unbounded-select");
  if (expected.noUnconditionalWrite) kinds.add("unconditional-write");
  return kinds;
}

function failureOf(
  expected: QueryExpectations,
  queries: readonly QueryRecord[],
  warnings: readonly Warning[],
): string | undefined {
  const { exactly, max, maxDuration } = expected;
  const count = queries.length;
  const ran = `there ${count === 1 ? "was" : "were"} ${count}`;
  if (exactly !== undefined && count !== exactly) return `Expected ${exactly} queries; ${ran}`;
  if (max !== undefined && count > max) return `Expected at most ${max} queries; ${ran}`;
  const min = expected.min ?? (exactly === 0 || max === 0 ? 0 : 1);
  if (count < min) {
    return `Expected at least ${min} queries; ${ran}: those of the handle that the function is ` +
      "given are counted";
  }
  if (warnings.length > 0) return warnings.map(({ message }) => message).join("; ");
  const slow = maxDuration === undefined
    ? undefined
    : queries.find(({ duration }) => duration > maxDuration);
  return slow === undefined
    ? undefined
    : `Expected no query to take longer than ${maxDuration} ms; "${slow.summary}" took ` +
      `${slow.duration.toFixed(1)} ms`;
}
