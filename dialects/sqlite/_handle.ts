import type { SqliteValue } from "./_bind.ts";

/** How integers are read; see `SqliteDialectOptions.bigints`. */
export type BigintMode = "auto" | "always" | "throw";

/** A row as it is handed to Kysely: a plain object. */
export type Row = Record<string, unknown>;

/** What a statement that returns no rows has done. */
export interface RunResult {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/** A prepared statement of one of the SQLite drivers, all made alike. */
export interface SqliteHandleStatement {
  /** Whether the statement returns rows. */
  readonly reader: boolean;
  /** All rows. `repeatable` says that running the statement twice has no effect of its own. */
  all(parameters: SqliteValue[], repeatable: boolean): Row[];
  run(parameters: SqliteValue[]): RunResult;
  iterate(parameters: SqliteValue[]): Iterator<Row>;
  finalize(): void;
}

/** A database of one of the SQLite drivers, all made alike. */
export interface SqliteHandle {
  prepare(sql: string): SqliteHandleStatement;
  close(): void;
}
