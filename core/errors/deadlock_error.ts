import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * The database found transactions waiting for each other, and rolled this one back.
 *
 * @example
 * ```ts
 * import { DeadlockError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new DeadlockError({ cause: new Error("from the driver") });
 * assert.equal(error.code, "DB_DEADLOCK");
 * assert.equal(error.retryable, true);
 * ```
 */
export class DeadlockError extends DatabaseError {
  static {
    this.prototype.name = "DeadlockError";
  }

  /**
   * Makes an error.
   *
   * @param options What is known of the failure.
   */
  constructor(options: DatabaseErrorOptions = {}) {
    super(
      "Cannot finish the transaction: it was in a deadlock with another and was rolled back",
      "DB_DEADLOCK" satisfies ErrorCode,
      undefined,
      { ...options, retryable: options.retryable ?? true },
    );
  }
}
