import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * Transactions that ran at the same time cannot both take effect. Run the whole transaction again.
 *
 * @example
 * ```ts
 * import { SerializationError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new SerializationError({ cause: new Error("from the driver") });
 * assert.equal(error.code, "DB_SERIALIZATION_FAILURE");
 * assert.equal(error.retryable, true);
 * ```
 */
export class SerializationError extends DatabaseError {
  static {
    this.prototype.name = "SerializationError";
  }

  /**
   * Makes an error.
   *
   * @param options What is known of the failure.
   */
  constructor(options: DatabaseErrorOptions = {}) {
    super(
      "Cannot finish the transaction: another one changed the same data at the same time",
      "DB_SERIALIZATION_FAILURE" satisfies ErrorCode,
      undefined,
      { ...options, retryable: options.retryable ?? true },
    );
  }
}
