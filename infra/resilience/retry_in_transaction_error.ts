import { DatabaseError, type ErrorCode } from "@kysera/core";

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
      "DB_TRANSACTION_FAILED" satisfies ErrorCode,
    );
  }
}
