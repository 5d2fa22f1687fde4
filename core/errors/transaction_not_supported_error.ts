import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * A transaction or a savepoint was to be begun in a database that has no interactive transactions:
 * each of its statements, or each batch of them, commits by itself.
 *
 * @example
 * ```ts
 * import { TransactionNotSupportedError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new TransactionNotSupportedError("D1", "begin a transaction");
 * assert.equal(error.code, "DB_TRANSACTION_NOT_SUPPORTED");
 * assert.equal(error.retryable, false);
 * ```
 */
export class TransactionNotSupportedError extends DatabaseError {
  static {
    this.prototype.name = "TransactionNotSupportedError";
  }

  /**
   * Creates the error.
   *
   * @param database The name of the database, for the message.
   * @param action What was refused, as in `Cannot begin a transaction`.
   * @param options What is known of the failure.
   */
  constructor(database: string, action: string, options: DatabaseErrorOptions = {}) {
    super(
      `Cannot ${action}: ${database} has no interactive transactions, each statement commits by ` +
        "itself; write what belongs together as one statement or in executor.batch(), without an " +
        "option or plugin that reads between its statements",
      "DB_TRANSACTION_NOT_SUPPORTED" satisfies ErrorCode,
      undefined,
      options,
    );
  }
}
