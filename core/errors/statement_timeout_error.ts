import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * A statement was stopped before it finished: by a time limit, or on request. Databases report both
 * under one code.
 *
 * @example
 * ```ts
 * import { StatementTimeoutError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new StatementTimeoutError({ cause: new Error("from the driver") });
 * assert.equal(error.code, "DB_TIMEOUT");
 * assert.equal(error.retryable, false);
 * ```
 */
export class StatementTimeoutError extends DatabaseError {
  static {
    this.prototype.name = "StatementTimeoutError";
  }

  /**
   * Makes an error.
   *
   * @param options What is known of the failure.
   */
  constructor(options: DatabaseErrorOptions = {}) {
    super(
      "Cannot finish the statement: it took too long or was cancelled",
      "DB_TIMEOUT" satisfies ErrorCode,
      undefined,
      options,
    );
  }
}
