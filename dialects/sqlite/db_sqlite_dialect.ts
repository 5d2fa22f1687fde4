import type { Dialect } from "kysely";
import type { SqliteValue } from "./_bind.ts";
import { SqliteHandleDialect } from "./_dialect.ts";
import type { RunResult, SqliteHandle, SqliteHandleStatement } from "./_handle.ts";
import type { SqliteDialectOptions } from "./sqlite_dialect_options.ts";

/** The part of a `Statement` of `@db/sqlite` that is used. */
export interface DbSqliteStatement {
  /** The columns the statement returns; none for a statement without rows. */
  columnNames(): string[];
  /** Runs the statement and returns all rows as arrays. */
  values(...parameters: (null | number | bigint | string | Uint8Array)[]): unknown[][];
  /** Runs the statement and returns the number of rows it changed. */
  run(...parameters: (null | number | bigint | string | Uint8Array)[]): number;
  /** Runs the statement and returns its rows one by one. */
  iter(...parameters: (null | number | bigint | string | Uint8Array)[]): Iterator<unknown>;
  /** Frees the statement. */
  finalize(): void;
}

/** The part of a `Database` of `@db/sqlite` that is used. */
export interface DbSqliteDatabase {
  /** Whether integers are read whole, and not only their lowest 32 bits. */
  int64: boolean;
  /** The id of the row inserted last. */
  readonly lastInsertRowId: number | bigint;
  /** Prepares a statement. */
  prepare(sql: string): DbSqliteStatement;
  /** Closes the database. */
  close(): void;
}

/** Options of {@link dbSqliteDialect}. */
export interface DbSqliteDialectConfig extends Omit<SqliteDialectOptions, "bigints"> {
  /** A `Database` of `@db/sqlite`, or a function that opens one when it is first needed. */
  readonly database: DbSqliteDatabase | (() => DbSqliteDatabase | Promise<DbSqliteDatabase>);
  /**
   * How integers are read. `"auto"` (if not given): as a number where that loses nothing, else as a
   * bigint. `"throw"`: as a number, an error where that would lose digits. There is no `"always"`,
   * because the driver itself returns numbers.
   */
  readonly bigints?: "auto" | "throw";
}

/**
 * Makes a Kysely dialect from a database of `@db/sqlite` (JSR). Its option `int64` is switched on.
 * `db.destroy()` closes the database.
 *
 * @param config The database and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import type { Dialect } from "kysely";
 * import { type DbSqliteDatabase, dbSqliteDialect } from "@kysera/dialects";
 *
 * // import { Database } from "@db/sqlite";
 * // open(() => new Database("app.db"))
 * function open(database: () => DbSqliteDatabase): Dialect {
 *   return dbSqliteDialect({ database });
 * }
 * open(() => {
 *   throw new Error("never called: a dialect opens its database with the first query");
 * });
 * ```
 */
export function dbSqliteDialect(config: DbSqliteDialectConfig): Dialect {
  // Whoever does not have types may still ask for it.
  const bigints: unknown = config?.bigints;
  if (bigints === "always") {
    throw new TypeError(
      `Cannot call dbSqliteDialect(): option "bigints" is "always", it must be "auto" or "throw" because the driver returns numbers`,
    );
  }
  return new SqliteHandleDialect<DbSqliteDatabase>(
    "dbSqliteDialect()",
    config,
    (database) => new DbSqliteHandle(database),
  );
}

class DbSqliteHandle implements SqliteHandle {
  readonly #database: DbSqliteDatabase;
  readonly bindsNumbersAsReal = false;

  constructor(database: DbSqliteDatabase) {
    this.#database = database;
    database.int64 = true;
  }

  prepare(sql: string): SqliteHandleStatement {
    return new DbSqliteHandleStatement(this.#database, this.#database.prepare(padded(sql)));
  }

  close(): void {
    this.#database.close();
  }
}

class DbSqliteHandleStatement implements SqliteHandleStatement {
  readonly #database: DbSqliteDatabase;
  readonly #statement: DbSqliteStatement;
  readonly columns: readonly string[];

  constructor(database: DbSqliteDatabase, statement: DbSqliteStatement) {
    this.#database = database;
    this.#statement = statement;
    this.columns = statement.columnNames();
  }

  values(parameters: SqliteValue[]): unknown[][] {
    return this.#statement.values(...parameters.map(whole));
  }

  run(parameters: SqliteValue[]): RunResult {
    const changes = this.#statement.run(...parameters.map(whole));
    return { changes, lastInsertRowid: this.#database.lastInsertRowId };
  }

  iterate(parameters: SqliteValue[]): Iterator<Record<string, unknown>> {
    // iter() has no form that returns arrays.
    return this.#statement.iter(...parameters.map(whole)) as Iterator<Record<string, unknown>>;
  }

  finalize(): void {
    this.#statement.finalize();
  }
}

/** The driver binds every number without a fraction as an integer of 64 bits, `1e300` too. */
function whole(value: SqliteValue, index: number): SqliteValue {
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) >= 2 ** 63) {
    throw new RangeError(
      `Cannot bind parameter ${
        index + 1
      }: @db/sqlite cannot bind a number without a fraction beyond 64 bits; bind it as text`,
    );
  }
  return value;
}

/**
 * The driver tells SQLite the number of UTF-16 units for the number of bytes, which cuts off the end
 * of a statement that is not ASCII. Spaces at the end make up for it.
 */
function padded(sql: string): string {
  const missing = new TextEncoder().encode(sql).length - sql.length;
  return missing === 0 ? sql : sql + " ".repeat(missing);
}
