import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";

/** The codes a {@linkcode ConnectionError} can have. */
export type ConnectionErrorCode = "DB_CONNECTION_FAILED" | "DB_POOL_EXHAUSTED";

/**
 * There is no connection to the database: it was refused or lost, or none was free.
 *
 * @example
 * ```ts
 * import { ConnectionError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new ConnectionError("DB_POOL_EXHAUSTED", { retryable: true });
 * assert.equal(error.message, "Cannot connect to the database: no connection is free");
 * ```
 */
export class ConnectionError extends DatabaseError {
  static {
    this.prototype.name = "ConnectionError";
  }

  /**
   * Makes an error.
   *
   * @param code Whether the connection failed, or none was free.
   * @param options What is known of the failure.
   */
  constructor(
    code: ConnectionErrorCode = "DB_CONNECTION_FAILED",
    options: DatabaseErrorOptions = {},
  ) {
    const reason = code === "DB_POOL_EXHAUSTED"
      ? "no connection is free"
      : "the connection was refused or lost";
    super(`Cannot connect to the database: ${reason}`, code, undefined, options);
  }
}
