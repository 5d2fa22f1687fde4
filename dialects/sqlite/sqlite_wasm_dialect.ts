import type { Dialect } from "kysely";
import { SqliteHandleDialect } from "./_dialect.ts";
import { Oo1Handle } from "./_oo1_handle.ts";
import { SqlJsHandle } from "./_sql_js_handle.ts";
import type { SqliteDialectOptions } from "./sqlite_dialect_options.ts";

/** The part of a `Stmt` of `@sqlite.org/sqlite-wasm` that is used. */
export interface SqliteWasmStatement {
  /** How many columns the statement returns. */
  readonly columnCount: number;
  /** Appends the names of the columns to an array, and returns it. */
  getColumnNames(target: string[]): string[];
  /** Gives the parameters values. */
  bind(values: any[]): unknown;
  /** Steps to the next row; false where there is none. */
  step(): boolean;
  /** Appends the values of the row to an array, and returns it. */
  get(target: any[]): any;
  /** Makes the statement ready to run again. */
  reset(alsoClearBinds?: boolean): unknown;
  /** Frees the statement. */
  finalize(): unknown;
}

/** The part of an `oo1.DB` of `@sqlite.org/sqlite-wasm` that is used. */
export interface SqliteWasmDatabase {
  /** Prepares a statement. */
  prepare(sql: string): SqliteWasmStatement;
  /** Tells how many rows the last statement has changed. */
  changes(): number | bigint;
  /** Returns the first value that a query gives. */
  selectValue(sql: string): unknown;
  /** Closes the database. */
  close(): void;
}

/** The part of a `Statement` of `sql.js` that is used. */
export interface SqlJsStatement {
  /** Returns the names of the columns; none for a statement without rows. */
  getColumnNames(): string[];
  /** Gives the parameters values. */
  bind(values: any[]): unknown;
  /** Steps to the next row; false where there is none. */
  step(): boolean;
  /** Returns the values of the row. */
  get(parameters: any, options: any): any[];
  /** Makes the statement ready to run again. */
  reset(): void;
  /** Frees the statement. */
  free(): unknown;
}

/** The part of a `Database` of `sql.js` that is used. */
export interface SqlJsDatabase {
  /** Prepares a statement. */
  prepare(sql: string): SqlJsStatement;
  /** Tells how many rows the last statement has changed. */
  getRowsModified(): number;
  /** Runs a statement and returns its rows. */
  exec(sql: string): { values: unknown[][] }[];
  /** Closes the database. */
  close(): void;
}

/** Options of {@link sqliteWasmDialect}. */
export interface SqliteWasmDialectConfig extends SqliteDialectOptions {
  /**
   * A database of `@sqlite.org/sqlite-wasm` (`new sqlite3.oo1.DB()`, `OpfsDb` and the like) or of
   * `sql.js` (`new SQL.Database()`), or a function that opens one when it is first needed.
   */
  readonly database:
    | SqliteWasmDatabase
    | SqlJsDatabase
    | (() =>
      | SqliteWasmDatabase
      | SqlJsDatabase
      | Promise<SqliteWasmDatabase>
      | Promise<SqlJsDatabase>);
}

/**
 * Creates a Kysely dialect on SQLite in WebAssembly, for browsers and wherever nothing native can be
 * loaded. `db.destroy()` closes the database.
 *
 * `@sqlite.org/sqlite-wasm` gives integers as bigints only where they do not fit into a number, so
 * the option `bigints: "always"` is for `sql.js` alone.
 *
 * @param config The database and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import initSqlJs from "sql.js";
 * import { Kysely, sql } from "kysely";
 * import { sqliteWasmDialect } from "@kysera/dialects";
 *
 * const SQL = await initSqlJs();
 * const db = new Kysely<Record<string, never>>({
 *   dialect: sqliteWasmDialect({ database: new SQL.Database() }),
 * });
 * const { rows } = await sql<{ sum: number }>`select ${20} + ${22} as sum`.execute(db);
 * if (rows[0]?.sum !== 42) throw new Error("not 42");
 * await db.destroy();
 * ```
 */
export function sqliteWasmDialect(config: SqliteWasmDialectConfig): Dialect {
  const name = "sqliteWasmDialect()";
  // The union of functions is a function that returns one of the two.
  type Database = SqliteWasmDatabase | SqlJsDatabase;
  return new SqliteHandleDialect<Database>(
    name,
    config as SqliteWasmDialectConfig & { database: Database | (() => Promise<Database>) },
    (database) => {
      if ("getRowsModified" in database) return new SqlJsHandle(database);
      if (config.bigints === "always") {
        throw new TypeError(
          `Cannot call ${name}: option "bigints" is "always", which @sqlite.org/sqlite-wasm cannot ` +
            'do; use "auto"',
        );
      }
      return new Oo1Handle(database);
    },
  );
}
