import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * The connections of a database are held, and whoever holds them runs nothing: most likely the query
 * that waits for one is inside of a transaction, on the instance that the transaction was begun on.
 *
 * @example
 * ```ts
 * import { ConnectionHeldError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new ConnectionHeldError(5_000);
 * assert.equal(error.code, "DB_CONNECTION_HELD");
 * assert.equal(error.retryable, false);
 * ```
 */
export class ConnectionHeldError extends DatabaseError {
  static {
    this.prototype.name = "ConnectionHeldError";
  }

  /**
   * Makes an error.
   *
   * @param waited How long nothing was run on the connection, in ms.
   * @param options What is known of the failure.
   */
  constructor(waited: number, options: DatabaseErrorOptions = {}) {
    super(
      "Cannot get a connection: each is held by a transaction, a stream or connection(), " +
        `which have run nothing for ${waited} ms; inside of these, use the instance that they give ` +
        '("trx", "tx.db"), not the one that they were begun on; for a transaction that waits longer ' +
        'for something else, raise the option "acquireTimeout" of createExecutor()',
      "DB_CONNECTION_HELD" satisfies ErrorCode,
      undefined,
      options,
    );
  }
}
