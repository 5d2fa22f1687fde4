import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * What the caller asked for makes no sense, and was refused before it reached the database.
 *
 * @example
 * ```ts
 * import { BadRequestError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new BadRequestError("Cannot parse cursor");
 * assert.equal(error.code, "RESOURCE_BAD_REQUEST");
 * ```
 */
export class BadRequestError extends DatabaseError {
  static {
    this.prototype.name = "BadRequestError";
  }

  /**
   * Makes an error.
   *
   * @param message What was refused, and why.
   * @param options What else is known.
   */
  constructor(message: string, options: DatabaseErrorOptions = {}) {
    super(message, "RESOURCE_BAD_REQUEST" satisfies ErrorCode, undefined, options);
  }
}
