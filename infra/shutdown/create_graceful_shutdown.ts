import type { ExecutorOf } from "@kysera/executor";
import { GracefulShutdown, type ShutdownOptions } from "./graceful_shutdown.ts";

/**
 * Prepares the end of a service's use of its database. When it comes, in this order:
 *
 * 1. `isShuttingDown` is true, `stopping` is aborted: readiness says no;
 * 2. new work is refused with a {@linkcode ShutdownError}; queries, streams and transactions that
 *    have begun go on, and so does work that `execute()` runs;
 * 3. what has not ended after `timeout` is cancelled: `signal` is aborted, statements that run are
 *    cancelled where the driver can (Kysely 0.29), who waits for them is told;
 * 4. callbacks run, the plugins of executors are destroyed, and the pool is closed, whatever failed
 *    before it. What failed comes out in a {@linkcode ShutdownFailedError}.
 *
 * @param db the database, or an executor; work is counted that goes through `shutdown.db`
 * @param options see {@linkcode ShutdownOptions}
 * @returns the shutdown, to register work with and to run
 * @throws {BadRequestError} for an unknown option, or where `db` is not a database
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { createGracefulShutdown, ShutdownError } from "@kysera/infra";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 *
 * const shutdown = createGracefulShutdown(db, { timeout: 10_000 });
 * const executor = shutdown.manage(await createExecutor(shutdown.db, []));
 * await executor.selectFrom("users").selectAll().execute();
 *
 * await shutdown.shutdown();
 * const late = shutdown.db.selectFrom("users").selectAll();
 * await assert.rejects(() => late.execute(), ShutdownError);
 * ```
 */
export function createGracefulShutdown<DB>(
  db: ExecutorOf<DB>,
  options: ShutdownOptions = {},
): GracefulShutdown<DB> {
  return new GracefulShutdown<DB>(db, options);
}
