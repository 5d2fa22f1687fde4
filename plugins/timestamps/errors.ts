import type { TimestampsErrorCodes } from "@kysera/core";
import { ExecutorError } from "@kysera/executor";

/** What a {@linkcode TimestampsError} is about; stable, for programs. */
export type TimestampsErrorCode =
  | keyof typeof TimestampsErrorCodes
  | "INVALID_KEY"
  | "INVALID_FLAG";

/**
 * Timestamps cannot do what was asked for. Nothing was changed.
 *
 * @example
 * ```ts
 * import { createExecutorSync } from "@kysera/executor";
 * import { TimestampsError, withoutTimestamps } from "@kysera/timestamps";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ users: { id: number } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * assert.throws(
 *   () => withoutTimestamps(createExecutorSync(db, [])),
 *   (error) => error instanceof TimestampsError && error.code === "NO_TIMESTAMPS_PLUGIN",
 * );
 * ```
 */
export class TimestampsError extends ExecutorError {
  static {
    this.prototype.name = "TimestampsError";
  }

  /**
   * Makes an error.
   *
   * @param message what failed, and what to do
   * @param code what it is about, for programs
   */
  constructor(message: string, code: TimestampsErrorCode) {
    super(message, code);
  }
}
