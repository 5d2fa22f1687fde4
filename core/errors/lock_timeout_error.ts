import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * A lock was not free, or did not become free in time.
 *
 * @example
 * ```ts
 * import { LockTimeoutError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new LockTimeoutError({ cause: new Error("from the driver") });
 * assert.equal(error.code, "DB_LOCK_TIMEOUT");
 * assert.equal(error.retryable, true);
 * ```
 */
export class LockTimeoutError extends DatabaseError {
  static {
    this.prototype.name = "LockTimeoutError";
  }

  /**
   * Makes an error.
   *
   * @param options What is known of the failure.
   */
  constructor(options: DatabaseErrorOptions = {}) {
    super(
      "Cannot obtain a lock: it is held by another transaction",
      "DB_LOCK_TIMEOUT" satisfies ErrorCode,
      undefined,
      { ...options, retryable: options.retryable ?? true },
    );
  }
}
