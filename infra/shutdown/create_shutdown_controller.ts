import type { ExecutorOf } from "@kysera/executor";
import {
  registerShutdownHandlers,
  type ShutdownHandlerOptions,
} from "../signals/register_shutdown_handlers.ts";
import {
  GracefulShutdown,
  type ShutdownOptions,
  type ShutdownReport,
} from "./graceful_shutdown.ts";

/** A shutdown and the signals that begin it. */
export interface ShutdownController<DB> {
  /** The shutdown itself. */
  readonly shutdown: GracefulShutdown<DB>;
  /** Shuts down. */
  execute(): Promise<ShutdownReport>;
  /** Has signals begin the shutdown; returns a function that ends that. */
  registerSignals(options: ShutdownHandlerOptions): () => void;
  /** Whether a shutdown has begun, or is over. */
  isShuttingDown(): boolean;
}

/**
 * Creates a {@linkcode GracefulShutdown} with signal handling at hand.
 *
 * @param db the database, or an executor
 * @param options see {@linkcode ShutdownOptions}
 * @returns the controller
 * @throws {BadRequestError} for an unknown option, or where `db` is not a database
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createShutdownController } from "@kysera/infra";
 * import { Kysely } from "kysely";
 * import process from "node:process";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const controller = createShutdownController(db);
 * const unregister = controller.registerSignals({ from: process });
 * // Without a signal:
 * unregister();
 * await controller.execute();
 * ```
 */
export function createShutdownController<DB>(
  db: ExecutorOf<DB>,
  options: ShutdownOptions = {},
): ShutdownController<DB> {
  const shutdown = new GracefulShutdown<DB>(db, options);
  return {
    shutdown,
    execute: () => shutdown.shutdown(),
    registerSignals: (handlers) => registerShutdownHandlers(shutdown, handlers),
    isShuttingDown: () => shutdown.isShuttingDown,
  };
}
