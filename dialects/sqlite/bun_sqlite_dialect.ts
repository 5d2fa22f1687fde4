import type { Dialect } from "kysely";
import type { SqliteValue } from "./_bind.ts";
import { SqliteHandleDialect } from "./_dialect.ts";
import type { RunResult, SqliteHandle, SqliteHandleStatement } from "./_handle.ts";
import type { SqliteDialectOptions } from "./sqlite_dialect_options.ts";

/** The part of a `Statement` of `bun:sqlite` that is used. */
export interface BunSqliteStatement {
  /** The columns the statement returns; none for a statement without rows. */
  readonly columnNames: string[];
  /** Runs the statement and returns all rows as arrays. */
  values(...parameters: (null | number | bigint | string | Uint8Array)[]): unknown[][];
  /** Runs the statement and says what it changed. */
  run(
    ...parameters: (null | number | bigint | string | Uint8Array)[]
  ): { changes: number | bigint; lastInsertRowid: number | bigint };
  /** Runs the statement and returns its rows one by one. */
  iterate(...parameters: (null | number | bigint | string | Uint8Array)[]): Iterator<unknown>;
  /** Whether integers are read as bigint. */
  safeIntegers(enabled: boolean): unknown;
  /** Frees the statement. */
  finalize(): void;
}

/** The part of a `Database` of `bun:sqlite` that is used. */
export interface BunSqliteDatabase {
  /** Prepares a statement. */
  prepare(sql: string): BunSqliteStatement;
  /** Closes the database. */
  close(): void;
}

/** Options of {@link bunSqliteDialect}. */
export interface BunSqliteDialectConfig extends SqliteDialectOptions {
  /** A `Database` of `bun:sqlite`, or a function that opens one when it is first needed. */
  readonly database: BunSqliteDatabase | (() => BunSqliteDatabase | Promise<BunSqliteDatabase>);
}

/**
 * Makes a Kysely dialect from a database of `bun:sqlite`. `db.destroy()` closes the database.
 *
 * @param config The database and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { Kysely, sql } from "kysely";
 * import { bunSqliteDialect } from "@kysera/dialects";
 *
 * if ("Bun" in globalThis) {
 *   // A name that type checkers of other runtimes do not look up.
 *   const name: string = "bun:sqlite";
 *   const { Database } = await import(name);
 *   const db = new Kysely<Record<string, never>>({
 *     dialect: bunSqliteDialect({ database: new Database(":memory:") }),
 *   });
 *   const { rows } = await sql<{ sum: number }>`select ${20} + ${22} as sum`.execute(db);
 *   if (rows[0]?.sum !== 42) throw new Error("not 42");
 *   await db.destroy();
 * }
 * ```
 */
export function bunSqliteDialect(config: BunSqliteDialectConfig): Dialect {
  return new SqliteHandleDialect<BunSqliteDatabase>(
    "bunSqliteDialect()",
    config,
    (database) => new BunSqliteHandle(database),
  );
}

class BunSqliteHandle implements SqliteHandle {
  readonly #database: BunSqliteDatabase;
  readonly bindsNumbersAsReal = false;

  constructor(database: BunSqliteDatabase) {
    this.#database = database;
  }

  prepare(sql: string): SqliteHandleStatement {
    return new BunSqliteHandleStatement(this.#database.prepare(sql));
  }

  close(): void {
    this.#database.close();
  }
}

class BunSqliteHandleStatement implements SqliteHandleStatement {
  readonly #statement: BunSqliteStatement;
  readonly columns: readonly string[];
  #readsBigints: boolean | undefined;

  constructor(statement: BunSqliteStatement) {
    this.#statement = statement;
    this.columns = statement.columnNames;
  }

  readBigints(enabled: boolean): void {
    if (this.#readsBigints === enabled) return;
    this.#statement.safeIntegers(enabled);
    this.#readsBigints = enabled;
  }

  values(parameters: SqliteValue[]): unknown[][] {
    return this.#statement.values(...parameters);
  }

  run(parameters: SqliteValue[]): RunResult {
    return this.#statement.run(...parameters);
  }

  iterate(parameters: SqliteValue[]): Iterator<Record<string, unknown>> {
    // iterate() has no form that returns arrays.
    return this.#statement.iterate(...parameters) as Iterator<Record<string, unknown>>;
  }

  finalize(): void {
    this.#statement.finalize();
  }
}
