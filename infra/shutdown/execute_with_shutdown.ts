import type { ExecutorOf } from "@kysera/executor";
import { GracefulShutdown, type ShutdownOptions, type ShutdownWork } from "./graceful_shutdown.ts";

/**
 * Runs a program's work, and shuts the database down when it is done, also where it failed.
 *
 * @param db the database, or an executor
 * @param fn the work; it is given the database, and a signal
 * @param options see {@linkcode ShutdownOptions}
 * @returns what the work returns
 * @throws what the work throws; where the shutdown fails as well, that has it as `cause`
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { executeWithShutdown } from "@kysera/infra";
 * import { Kysely, sql } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const answer = await executeWithShutdown(db, async ({ db }) => {
 *   const { rows } = await sql<{ answer: number }>`select 42 as answer`.execute(db);
 *   return rows[0]?.answer;
 * });
 * assert.equal(answer, 42);
 * ```
 */
export async function executeWithShutdown<DB, T>(
  db: ExecutorOf<DB>,
  fn: (work: ShutdownWork<DB>) => T | PromiseLike<T>,
  options: ShutdownOptions = {},
): Promise<T> {
  const shutdown = new GracefulShutdown<DB>(db, options);
  let result: T;
  try {
    result = await shutdown.execute(fn);
  } catch (error) {
    await shutdown.shutdown().catch((failure: Error) => {
      failure.cause = error;
      throw failure;
    });
    throw error;
  }
  await shutdown.shutdown();
  return result;
}
