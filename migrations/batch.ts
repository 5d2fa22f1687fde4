import type { Expression, ExpressionBuilder, SqlBool, Transaction } from "kysely";

/** The value of a column of a key. */
export type BatchKey = string | number | bigint | Uint8Array;

/** Rows that follow each other by their key. */
export interface Batch {
  /** How many there were when the batch was cut. */
  readonly rows: number;
  /** The key of the first. */
  readonly first: readonly BatchKey[];
  /** The key of the last. */
  readonly last: readonly BatchKey[];
  /** The condition that a row is one of them: `.where(batch.where)`. */
  readonly where: (eb: ExpressionBuilder<any, any>) => Expression<SqlBool>;
}

/** How far a run over a table is. */
export interface BatchProgress {
  /** How many rows are done, those of earlier runs included. */
  readonly rows: number;
  /** How many there are, by the count at the beginning; `undefined` where nobody wants to know. */
  readonly total: number | undefined;
  /** How many rows are done in a second. */
  readonly rowsPerSecond: number;
  /** How long the rest will take, in milliseconds; `undefined` where that is not known. */
  readonly timeLeft: number | undefined;
}

/** Options of `batches()`. */
export interface BatchOptions {
  /** The table, with a schema before a dot if need be. */
  readonly table: string;
  /** The columns of a key: no two rows are the same in them, none is NULL, and an index has them. */
  readonly key: string | readonly string[];
  /** How many rows a batch has. Default: 1,000. */
  readonly size?: number | undefined;
  /** Changes the rows of a batch, in the transaction that also stores how far the run is. */
  run(trx: Transaction<any>, batch: Batch): Promise<void>;
  /** How long to wait between two batches, in milliseconds. Default: 0. */
  readonly throttle?: number | undefined;
  /** Called after each batch. Without it the rows are not counted. */
  readonly onProgress?: ((progress: BatchProgress) => void) | undefined;
  /** Ends the run between two batches. The migration stops halfway, and `resume()` goes on. */
  readonly signal?: AbortSignal | undefined;
}
