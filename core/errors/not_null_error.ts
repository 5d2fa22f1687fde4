import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";
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
   * @param column The column, where known; several are given as `options.columns`.
   * @param table The table, where known.
   * @param options What else is known.
   */
  constructor(column: string | undefined, table?: string, options: DatabaseErrorOptions = {}) {
    const told = options.columns ?? [];
    const columns = told.length > 0 || column === undefined ? told : [column];
    const names = columns.map((name) => `"${name}"`).join(", ");
    const subject = columns.length === 0
      ? "a required column"
      : `${columns.length === 1 ? "column" : "columns"} ${names}`;
    super(
      `Cannot store row: ${subject}${ofTable(table)} must not be null`,
      "VALIDATION_NOT_NULL_VIOLATION" satisfies ErrorCode,
      undefined,
      { ...options, table, columns },
    );
    this.column = column;
  }
}
