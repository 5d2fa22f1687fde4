import type { Kysely } from "kysely";
import {
  GracefulShutdown,
  type ShutdownOptions,
  type ShutdownReport,
} from "./graceful_shutdown.ts";

/**
 * Shuts a database down that is in use no longer, or by others than can be counted: callbacks,
 * plugins, the pool. To wait for work and refuse new work, prepare it with
 * {@linkcode createGracefulShutdown}.
 *
 * @param db the database, or an executor
 * @param options see {@linkcode ShutdownOptions}; the pool may take `closeTimeout` or else `timeout`
 * @returns how it went
 * @throws {ShutdownFailedError} where a step failed, after all were tried
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { gracefulShutdown } from "@kysera/infra";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await gracefulShutdown(db, { timeout: 10_000, onShutdown: () => console.log("closing") });
 * ```
 */
export async function gracefulShutdown(
  db: Kysely<any>,
  options: ShutdownOptions = {},
): Promise<ShutdownReport> {
  const { timeout = 30_000, closeTimeout = timeout } = options;
  return await new GracefulShutdown(db, { ...options, closeTimeout }).shutdown();
}

/**
 * Destroys the plugins of an executor and closes the pool, whatever fails before that.
 *
 * @param db the database, or an executor
 * @throws {ShutdownFailedError} where a step failed, after all were tried
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { shutdownDatabase } from "@kysera/infra";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await shutdownDatabase(db);
 * ```
 */
export async function shutdownDatabase(db: Kysely<any>): Promise<void> {
  await gracefulShutdown(db);
}
