import type { Dialect } from "kysely";
import type { SqliteValue } from "./_bind.ts";
import { SqliteHandleDialect } from "./_dialect.ts";
import type { RunResult, SqliteHandle, SqliteHandleStatement } from "./_handle.ts";
import type { SqliteDialectOptions } from "./sqlite_dialect_options.ts";

/** The part of a `StatementSync` of `node:sqlite` that is used. */
export interface NodeSqliteStatement {
  /** Runs the statement and returns all rows. */
  all(...parameters: (null | number | bigint | string | Uint8Array)[]): unknown[];
  /** Runs the statement and says what it changed. */
  run(
    ...parameters: (null | number | bigint | string | Uint8Array)[]
  ): { changes: number | bigint; lastInsertRowid: number | bigint };
  /** Runs the statement and returns its rows one by one. */
  iterate(...parameters: (null | number | bigint | string | Uint8Array)[]): Iterator<unknown>;
  /** Describes the columns the statement returns; none for a statement without rows. */
  columns(): { name: string }[];
  /** Whether integers are read as bigint. */
  setReadBigInts(enabled: boolean): unknown;
  /** Whether rows are arrays. Some declarations of `node:sqlite` do not know it yet. */
  setReturnArrays?(enabled: boolean): unknown;
}

/** The part of a `DatabaseSync` of `node:sqlite` that is used. */
export interface NodeSqliteDatabase {
  /** Prepares a statement. */
  prepare(sql: string): NodeSqliteStatement;
  /** Closes the database. */
  close(): void;
}

/** Options of {@link nodeSqliteDialect}. */
export interface NodeSqliteDialectConfig extends SqliteDialectOptions {
  /** A `DatabaseSync`, or a function that opens one when it is first needed. */
  readonly database: NodeSqliteDatabase | (() => NodeSqliteDatabase | Promise<NodeSqliteDatabase>);
}

/**
 * Makes a Kysely dialect from a database of `node:sqlite`, which is there in Deno, in Bun, and in
 * Node from 22.16 on. `db.destroy()` closes the database.
 *
 * `stream()` reads row by row, except where the driver would hide an error half way (Deno 2.9 does):
 * there the rows are read at once and then handed out.
 *
 * @param config The database and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * const db = new Kysely<Database>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users")
 *   .addColumn("id", "integer", (column) => column.primaryKey())
 *   .addColumn("name", "text")
 *   .execute();
 * await db.insertInto("users").values({ id: 1, name: "Ada" }).execute();
 * const users = await db.selectFrom("users").selectAll().execute();
 * if (users[0]?.name !== "Ada") throw new Error("not found");
 * await db.destroy();
 * ```
 */
export function nodeSqliteDialect(config: NodeSqliteDialectConfig): Dialect {
  return new SqliteHandleDialect<NodeSqliteDatabase>(
    "nodeSqliteDialect()",
    config,
    (database) => new NodeSqliteHandle(database),
  );
}

class NodeSqliteHandle implements SqliteHandle {
  readonly #database: NodeSqliteDatabase;
  readonly bindsNumbersAsReal = true;
  #hidesErrors: boolean | undefined;

  constructor(database: NodeSqliteDatabase) {
    this.#database = database;
  }

  isOutOfRange(error: unknown): boolean {
    return error instanceof RangeError && "code" in error && error.code === "ERR_OUT_OF_RANGE";
  }

  prepare(sql: string): SqliteHandleStatement {
    return new NodeSqliteHandleStatement(
      this.#database.prepare(sql),
      () => this.#iterateHidesErrors(),
    );
  }

  close(): void {
    this.#database.close();
  }

  /**
   * Whether iterate() takes an error half way for the end of the rows, as in Deno 2.9. A stream must
   * not be cut short without a word, so it is tried.
   */
  #iterateHidesErrors(): boolean {
    if (this.#hidesErrors === undefined) {
      const overflow = this.#database.prepare("select abs(-9223372036854775808)");
      try {
        overflow.iterate().next();
        this.#hidesErrors = true;
      } catch {
        this.#hidesErrors = false;
      }
    }
    return this.#hidesErrors;
  }
}

class NodeSqliteHandleStatement implements SqliteHandleStatement {
  readonly #statement: NodeSqliteStatement;
  readonly columns: readonly string[];
  readonly #iterateHidesErrors: () => boolean;
  #readsBigints = false;

  constructor(statement: NodeSqliteStatement, iterateHidesErrors: () => boolean) {
    this.#statement = statement;
    this.#iterateHidesErrors = iterateHidesErrors;
    this.columns = statement.columns().map(({ name }) => name);
    if (statement.setReturnArrays === undefined) {
      throw new Error(
        "Cannot prepare a statement: node:sqlite of this runtime is too old, use Node 22.16 or later",
      );
    }
    // Rows are objects without a prototype otherwise, and slower to make than to copy.
    statement.setReturnArrays(true);
  }

  readBigints(enabled: boolean): void {
    if (this.#readsBigints === enabled) return;
    this.#statement.setReadBigInts(enabled);
    this.#readsBigints = enabled;
  }

  values(parameters: SqliteValue[]): unknown[][] {
    // setReturnArrays() makes them arrays.
    return this.#statement.all(...parameters) as unknown[][];
  }

  run(parameters: SqliteValue[]): RunResult {
    return this.#statement.run(...parameters);
  }

  iterate(parameters: SqliteValue[]): Iterator<unknown[]> {
    if (this.#iterateHidesErrors()) return this.values(parameters).values();
    // setReturnArrays() makes them arrays.
    return this.#statement.iterate(...parameters) as Iterator<unknown[]>;
  }
}
