import type { SqliteValue } from "./_bind.ts";

/** What a statement that returns no rows has done. */
export interface RunResult {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/** A prepared statement of one of the SQLite drivers, all made alike. */
export interface SqliteHandleStatement {
  /** The columns it returns; none for a statement without rows. */
  readonly columns: readonly string[];
  /** Whether integers are read as bigint from now on; absent where the driver sees to that itself. */
  readBigints?(enabled: boolean): void;
  /** All rows, each an array of values in the order of `columns`. */
  values(parameters: SqliteValue[]): unknown[][];
  run(parameters: SqliteValue[]): RunResult;
  /** The rows one by one, as arrays, or as objects where the driver has no other way. */
  iterate(parameters: SqliteValue[]): Iterator<unknown[] | Record<string, unknown>>;
  /** Frees the statement, where the driver does not leave that to the garbage collector. */
  finalize?(): void;
}

/** A database of one of the SQLite drivers, all made alike. */
export interface SqliteHandle {
  /** Whether the driver binds `1` as `1.0`; such numbers are handed to it as bigint. */
  readonly bindsNumbersAsReal: boolean;
  /** Whether an error thrown by `values()` says that an integer does not fit into a number. */
  isOutOfRange?(error: unknown): boolean;
  prepare(sql: string): SqliteHandleStatement;
  close(): void;
}
