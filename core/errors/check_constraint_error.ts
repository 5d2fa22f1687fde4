import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";
import { nameConstraint, ofTable } from "./_words.ts";

/**
 * A row does not satisfy a check constraint.
 *
 * @example
 * ```ts
 * import { CheckConstraintError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new CheckConstraintError("users_age_check", "users");
 * assert.equal(error.code, "VALIDATION_CHECK_VIOLATION");
 * ```
 */
export class CheckConstraintError extends DatabaseError {
  static {
    this.prototype.name = "CheckConstraintError";
  }

  /**
   * Makes an error.
   *
   * @param constraint The constraint's name, or its expression on SQLite where it has none.
   * @param table The table, where known.
   * @param options What else is known.
   */
  constructor(constraint: string | undefined, table?: string, options: DatabaseErrorOptions = {}) {
    super(
      `Cannot store row: ${nameConstraint("check", constraint)}${ofTable(table)} is violated`,
      "VALIDATION_CHECK_VIOLATION" satisfies ErrorCode,
      undefined,
      { ...options, constraint, table },
    );
  }
}
