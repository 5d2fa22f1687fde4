import type { Dialect } from "kysely";
import type { SqliteValue } from "./_bind.ts";
import { SqliteHandleDialect } from "./_dialect.ts";
import type { RunResult, SqliteHandle, SqliteHandleStatement } from "./_handle.ts";
import type { SqliteDialectOptions } from "./sqlite_dialect_options.ts";

/**
 * The part of a `Statement` of `better-sqlite3` that is used. Parameters may be anything: before
 * version 6, TypeScript takes its declarations for nothing narrower.
 */
export interface BetterSqlite3Statement {
  /** Whether the statement returns rows. */
  readonly reader: boolean;
  /** Runs the statement and returns all rows. */
  all(...parameters: any[]): unknown[];
  /** Runs the statement and says what it changed. */
  run(...parameters: any[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  /** Runs the statement and returns its rows one by one. */
  iterate(...parameters: any[]): Iterator<unknown>;
  /** Describes the columns the statement returns. */
  columns(): { name: string }[];
  /** Whether integers are read as bigint. */
  safeIntegers(enabled: boolean): unknown;
  /** Whether rows are arrays. */
  raw(enabled: boolean): unknown;
}

/** The part of a `Database` of `better-sqlite3` that is used. */
export interface BetterSqlite3Database {
  /** Prepares a statement. */
  prepare(sql: string): BetterSqlite3Statement;
  /** Closes the database. */
  close(): unknown;
}

/** Options of {@link betterSqlite3Dialect}. */
export interface BetterSqlite3DialectConfig extends SqliteDialectOptions {
  /** A `Database` of `better-sqlite3`, or a function that opens one when it is first needed. */
  readonly database:
    | BetterSqlite3Database
    | (() => BetterSqlite3Database | Promise<BetterSqlite3Database>);
}

/**
 * Makes a Kysely dialect from a database of `better-sqlite3`. `db.destroy()` closes the database.
 *
 * While a stream is open the driver refuses every statement that writes on the same connection.
 *
 * @param config The database and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import SQLite from "better-sqlite3";
 * import { Kysely, sql } from "kysely";
 * import { betterSqlite3Dialect } from "@kysera/dialects";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: betterSqlite3Dialect({ database: () => new SQLite(":memory:") }),
 * });
 * const { rows } = await sql<{ sum: number }>`select ${20} + ${22} as sum`.execute(db);
 * if (rows[0]?.sum !== 42) throw new Error("not 42");
 * await db.destroy();
 * ```
 */
export function betterSqlite3Dialect(config: BetterSqlite3DialectConfig): Dialect {
  return new SqliteHandleDialect<BetterSqlite3Database>(
    "betterSqlite3Dialect()",
    config,
    (database) => new BetterSqlite3Handle(database),
  );
}

class BetterSqlite3Handle implements SqliteHandle {
  readonly #database: BetterSqlite3Database;
  readonly bindsNumbersAsReal = true;

  constructor(database: BetterSqlite3Database) {
    this.#database = database;
  }

  prepare(sql: string): SqliteHandleStatement {
    return new BetterSqlite3HandleStatement(this.#database.prepare(sql));
  }

  close(): void {
    this.#database.close();
  }
}

class BetterSqlite3HandleStatement implements SqliteHandleStatement {
  readonly #statement: BetterSqlite3Statement;
  readonly columns: readonly string[] = [];
  #readsBigints: boolean | undefined;

  constructor(statement: BetterSqlite3Statement) {
    this.#statement = statement;
    if (statement.reader) {
      this.columns = statement.columns().map(({ name }) => name);
      statement.raw(true);
    }
  }

  readBigints(enabled: boolean): void {
    if (this.#readsBigints === enabled) return;
    this.#statement.safeIntegers(enabled);
    this.#readsBigints = enabled;
  }

  values(parameters: SqliteValue[]): unknown[][] {
    // raw() makes them arrays.
    return this.#statement.all(...parameters) as unknown[][];
  }

  run(parameters: SqliteValue[]): RunResult {
    return this.#statement.run(...parameters);
  }

  iterate(parameters: SqliteValue[]): Iterator<unknown[]> {
    // raw() makes them arrays.
    return this.#statement.iterate(...parameters) as Iterator<unknown[]>;
  }
}
