/**
 * The errors of the resilience patterns.
 *
 * @module
 */
import { DatabaseError, type ErrorCode } from "@kysera/core";

export { RetryInTransactionError } from "./retry_in_transaction_error.ts";

/** Work was refused here, before it began: nothing happened, and nothing is known of the database. */
export class RefusedError extends DatabaseError {
  static {
    this.prototype.name = "RefusedError";
  }
}

/** A circuit breaker let no call through. */
export class CircuitBreakerError extends RefusedError {
  static {
    this.prototype.name = "CircuitBreakerError";
  }

  /** After how many ms a call may be let through; `undefined` where that is not a matter of time. */
  readonly retryAfter: number | undefined;

  /**
   * @param reason why no call is let through
   * @param retryAfter after how many ms one may be
   */
  constructor(reason: string, retryAfter?: number) {
    super(`Cannot run the call: ${reason}`, "DB_CONNECTION_FAILED" satisfies ErrorCode);
    this.retryAfter = retryAfter;
  }
}

/** As many calls run as a bulkhead allows, and as many wait. */
export class BulkheadError extends RefusedError {
  static {
    this.prototype.name = "BulkheadError";
  }

  /**
   * @param reason why the call is not run
   */
  constructor(reason: string) {
    super(`Cannot run the call: ${reason}`, "DB_POOL_EXHAUSTED" satisfies ErrorCode, undefined, {
      retryable: true,
    });
  }
}

/** Work took longer than it may. What it did may have taken effect all the same. */
export class TimeoutError extends DatabaseError {
  static {
    this.prototype.name = "TimeoutError";
  }

  /** How long it was given, in ms. */
  readonly timeout: number;

  /**
   * @param timeout how long it was given, in ms
   * @param what what was not finished
   */
  constructor(timeout: number, what = "the call") {
    super(`Cannot finish ${what} within ${timeout} ms`, "DB_TIMEOUT" satisfies ErrorCode);
    this.timeout = timeout;
  }
}
