/**
 * The errors of the resilience patterns.
 *
 * @module
 */
import { DatabaseError, DatabaseErrorCodes } from "@kysera/core";

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
    super(`Cannot run the call: ${reason}`, DatabaseErrorCodes.DB_CONNECTION_FAILED);
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
    super(`Cannot run the call: ${reason}`, DatabaseErrorCodes.DB_POOL_EXHAUSTED, undefined, {
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
    super(`Cannot finish ${what} within ${timeout} ms`, DatabaseErrorCodes.DB_TIMEOUT);
    this.timeout = timeout;
  }
}

/**
 * Something inside a transaction was to be retried. A statement that failed has taken the
 * transaction with it, or may have: only the whole transaction can be run again.
 */
export class RetryInTransactionError extends DatabaseError {
  static {
    this.prototype.name = "RetryInTransactionError";
  }

  constructor() {
    super(
      "Cannot retry inside an open transaction; retry the function that runs the whole transaction",
      DatabaseErrorCodes.DB_TRANSACTION_FAILED,
    );
  }
}
