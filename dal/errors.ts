import { DatabaseError, type ErrorCode } from "@kysera/core";

/** A query that must be in a transaction was called outside of one. */
export class TransactionRequiredError extends DatabaseError {
  static {
    this.prototype.name = "TransactionRequiredError";
  }

  /**
   * @param query the query's name, where it has one
   */
  constructor(query?: string) {
    super(
      `Cannot run ${
        query === undefined ? "the query" : `query "${query}"`
      } outside a transaction; ` +
        `call it with the context that withTransaction() gives`,
      "DB_TRANSACTION_FAILED" satisfies ErrorCode,
    );
  }
}

/**
 * The connection failed after COMMIT was sent and before its answer came: the transaction may be
 * committed or not. It is never retried; look at the data to find out.
 */
export class CommitUnknownError extends DatabaseError {
  static {
    this.prototype.name = "CommitUnknownError";
  }

  /**
   * @param cause what the driver threw
   */
  constructor(cause: unknown) {
    super(
      "Cannot tell whether the transaction was committed: the answer to COMMIT was lost; " +
        "look at the data before doing the work again",
      "DB_TRANSACTION_FAILED" satisfies ErrorCode,
      undefined,
      { cause },
    );
  }
}

/**
 * A callback that was to run after a transaction threw; all the others ran as well. After a rollback
 * the `cause` is what the transaction failed with.
 */
export class TransactionCallbackError extends AggregateError {
  static {
    this.prototype.name = "TransactionCallbackError";
  }

  /** Whether the transaction was committed. */
  readonly committed: boolean;
  /** What the transaction's function returned, where it was committed. */
  readonly result: unknown;

  /**
   * @param errors what the callbacks threw
   * @param committed whether the transaction was committed
   * @param result what the transaction's function returned
   * @param options `cause`: what the transaction failed with
   */
  constructor(
    errors: readonly unknown[],
    committed: boolean,
    result: unknown,
    options?: { readonly cause?: unknown },
  ) {
    super(
      errors,
      `Cannot run ${errors.length} of the callbacks after the transaction, which was ` +
        (committed ? "committed" : "rolled back"),
      options,
    );
    this.committed = committed;
    this.result = result;
  }
}
