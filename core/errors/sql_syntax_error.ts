import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * The database did not understand a statement: its syntax is wrong, or it names a table, column or
 * function that does not exist (SQLite reports all of these, and every failure without a code of its
 * own, under one code).
 *
 * @example
 * ```ts
 * import { SqlSyntaxError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new SqlSyntaxError({ cause: new Error("from the driver") });
 * assert.equal(error.code, "DB_SYNTAX_ERROR");
 * assert.equal(error.retryable, false);
 * ```
 */
export class SqlSyntaxError extends DatabaseError {
  static {
    this.prototype.name = "SqlSyntaxError";
  }

  /**
   * Makes an error.
   *
   * @param options What is known of the failure.
   */
  constructor(options: DatabaseErrorOptions = {}) {
    super(
      "Cannot run the statement: its syntax is wrong, or it names something that does not exist",
      "DB_SYNTAX_ERROR" satisfies ErrorCode,
      undefined,
      options,
    );
  }
}
