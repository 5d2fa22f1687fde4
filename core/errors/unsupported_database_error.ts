import { DatabaseError } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * The database is older than the oldest version that is supported.
 *
 * @example
 * ```ts
 * import { UnsupportedDatabaseError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new UnsupportedDatabaseError("SQLite", "3.36.0", "3.37");
 * assert.equal(error.code, "DB_UNSUPPORTED_VERSION");
 * ```
 */
export class UnsupportedDatabaseError extends DatabaseError {
  static {
    this.prototype.name = "UnsupportedDatabaseError";
  }

  /**
   * Creates the error.
   *
   * @param database The name of the database.
   * @param version The version that it has; `undefined` where it does not tell.
   * @param oldest The oldest version that is supported.
   */
  constructor(database: string, version: string | undefined, oldest: string) {
    super(
      `Cannot use the database: it is ${database} ${version ?? "of an unknown version"}, and ` +
        `${oldest} is the oldest that is supported; use a driver with a newer one`,
      "DB_UNSUPPORTED_VERSION" satisfies ErrorCode,
    );
  }
}
