import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import { ValidationErrorCodes } from "./error_codes.ts";
import { ofTable } from "./_words.ts";

/**
 * A column that must have a value was given none.
 *
 * @example
 * ```ts
 * import { NotNullError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new NotNullError("email", "users");
 * assert.equal(error.code, "VALIDATION_NOT_NULL_VIOLATION");
 * assert.equal(error.column, "email");
 * ```
 */
export class NotNullError extends DatabaseError {
  /** The column without a value, where the database tells. */
  readonly column: string | undefined;

  static {
    this.prototype.name = "NotNullError";
  }

  /**
   * Makes an error.
   *
   * @param column The column, where known.
   * @param table The table, where known.
   * @param options What else is known.
   */
  constructor(column: string | undefined, table?: string, options: DatabaseErrorOptions = {}) {
    const subject = column === undefined ? "a required column" : `column "${column}"`;
    super(
      `Cannot store row: ${subject}${ofTable(table)} must not be null`,
      ValidationErrorCodes.VALIDATION_NOT_NULL_VIOLATION,
      undefined,
      { ...options, table, columns: column === undefined ? [] : [column] },
    );
    this.column = column;
  }
}
