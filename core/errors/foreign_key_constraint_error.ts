import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";
import { listColumns, nameConstraint, ofTable } from "./_words.ts";

/**
 * A row would have referred to a row that does not exist, or a row that others refer to would have
 * been deleted or changed.
 *
 * @example
 * ```ts
 * import { ForeignKeyConstraintError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new ForeignKeyConstraintError("posts_user_id_fkey", "posts", "users");
 * assert.equal(error.code, "VALIDATION_FOREIGN_KEY_VIOLATION");
 * assert.equal(error.referencedTable, "users");
 * ```
 */
export class ForeignKeyConstraintError extends DatabaseError {
  /** The table that the constraint refers to, where the database tells. */
  readonly referencedTable: string | undefined;

  static {
    this.prototype.name = "ForeignKeyConstraintError";
  }

  /**
   * Makes an error.
   *
   * @param constraint The constraint's name, where known.
   * @param table The table that has the constraint, where known.
   * @param referencedTable The table that it refers to, where known.
   * @param options What else is known.
   */
  constructor(
    constraint: string | undefined,
    table: string | undefined,
    referencedTable?: string,
    options: DatabaseErrorOptions = {},
  ) {
    const to = referencedTable === undefined ? "" : ` to table "${referencedTable}"`;
    super(
      `Cannot change row: ${nameConstraint("foreign key", constraint)}${ofTable(table)}${
        listColumns(options.columns ?? [])
      }${to} is violated`,
      "VALIDATION_FOREIGN_KEY_VIOLATION" satisfies ErrorCode,
      undefined,
      { ...options, constraint, table },
    );
    this.referencedTable = referencedTable;
  }
}
