import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";
import { listColumns, nameConstraint, ofTable } from "./_words.ts";

/**
 * A row would have repeated the key of a unique constraint, unique index or primary key.
 *
 * @example
 * ```ts
 * import { UniqueConstraintError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new UniqueConstraintError("users_email_key", "users", ["email"]);
 * assert.equal(error.code, "VALIDATION_UNIQUE_VIOLATION");
 * assert.deepEqual(error.columns, ["email"]);
 * ```
 */
export class UniqueConstraintError extends DatabaseError {
  static {
    this.prototype.name = "UniqueConstraintError";
  }

  /**
   * Makes an error.
   *
   * @param constraint The constraint's name, where known.
   * @param table The table, where known.
   * @param columns The columns of the key, where known.
   * @param options What else is known.
   */
  constructor(
    constraint: string | undefined,
    table: string | undefined,
    columns: readonly string[] = [],
    options: DatabaseErrorOptions = {},
  ) {
    super(
      `Cannot store row: ${nameConstraint("unique", constraint)}${ofTable(table)}${
        listColumns(columns)
      } is violated`,
      "VALIDATION_UNIQUE_VIOLATION" satisfies ErrorCode,
      undefined,
      { ...options, constraint, table, columns },
    );
  }
}
