import type { SoftDeleteErrorCodes } from "@kysera/core";
import { ExecutorError } from "@kysera/executor";

/** What a {@linkcode SoftDeleteError} is about; stable, for programs. */
export type SoftDeleteErrorCode =
  | keyof typeof SoftDeleteErrorCodes
  | "INVALID_KEY"
  | "INVALID_FLAG";

/**
 * Soft delete cannot do what was asked for. Nothing was changed.
 *
 * @example
 * ```ts
 * import { SoftDeleteError, withDeleted } from "@kysera/soft-delete";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import { createExecutorSync } from "@kysera/executor";
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
 *   () => withDeleted(createExecutorSync(db, [])),
 *   (error) => error instanceof SoftDeleteError && error.code === "NO_SOFT_DELETE_PLUGIN",
 * );
 * ```
 */
export class SoftDeleteError extends ExecutorError {
  static {
    this.prototype.name = "SoftDeleteError";
  }

  /**
   * Makes an error.
   *
   * @param message what failed, and what to do
   * @param code what it is about, for programs
   */
  constructor(message: string, code: SoftDeleteErrorCode) {
    super(message, code);
  }
}
