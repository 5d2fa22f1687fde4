import type { CompiledQuery, QueryResult } from "kysely";

/** A statement of a batch. */
export interface BatchStatement {
  /** What is run. */
  readonly query: CompiledQuery;
  /**
   * How many rows it has to change, or to return where it reads: or else nothing of the batch is done.
   */
  readonly rows?: number | undefined;
}

/**
 * A connection to a database that runs several statements in one transaction, all of them told
 * beforehand. The connections of `d1Dialect()`, `neonHttpDialect()` and
 * `libsqlDialect()` do.
 */
export interface AtomicBatchConnection {
  /**
   * Runs statements in one transaction.
   *
   * @param statements the statements, in their order
   * @returns the result of each
   * @throws {BatchRowsError} if one has changed or returned another number of rows than it had to
   * @throws what the driver throws; then nothing was done
   */
  executeBatch(statements: readonly BatchStatement[]): Promise<readonly QueryResult<unknown>[]>;
}

/** A statement of a batch has changed, or returned, another number of rows than it had to. */
export class BatchRowsError extends Error {
  static {
    this.prototype.name = "BatchRowsError";
  }

  /** The index of the statement. */
  readonly index: number;

  /**
   * Creates the error.
   *
   * @param index the index of the statement
   * @param cause what the database has thrown
   */
  constructor(index: number, cause: unknown) {
    super(
      `Cannot run the batch: statement ${index + 1} changed or returned another number of rows`,
      { cause },
    );
    this.index = index;
  }
}
