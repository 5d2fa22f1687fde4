import type { Dialect } from "kysely";
import type { SqliteValue } from "./_bind.ts";
import { SqliteHandleDialect } from "./_dialect.ts";
import type { BigintMode, Row, SqliteHandle, SqliteHandleStatement } from "./_handle.ts";
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
  columns(): unknown[];
  /** Whether integers are read as bigint. */
  setReadBigInts(enabled: boolean): unknown;
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
 * Makes a Kysely dialect from a database of `node:sqlite`, the SQLite that comes with Node 22 and
 * later, Deno and Bun.
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
    (database, bigints) => new NodeSqliteHandle(database, bigints),
  );
}

class NodeSqliteHandle implements SqliteHandle {
  readonly #database: NodeSqliteDatabase;
  readonly #bigints: BigintMode;

  constructor(database: NodeSqliteDatabase, bigints: BigintMode) {
    this.#database = database;
    this.#bigints = bigints;
  }

  prepare(sql: string): SqliteHandleStatement {
    return new NodeSqliteHandleStatement(this.#database.prepare(sql), this.#bigints);
  }

  close(): void {
    this.#database.close();
  }
}

class NodeSqliteHandleStatement implements SqliteHandleStatement {
  readonly #statement: NodeSqliteStatement;
  readonly reader: boolean;
  readonly #mode: BigintMode;
  #readsBigints: boolean;

  constructor(statement: NodeSqliteStatement, mode: BigintMode) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
    this.#mode = mode;
    this.#readsBigints = mode === "always";
    if (this.#readsBigints) statement.setReadBigInts(true);
  }

  all(parameters: SqliteValue[], repeatable: boolean): Row[] {
    if (this.#mode === "auto" && !this.#readsBigints) {
      if (!repeatable) {
        this.#readBigints();
      } else {
        // Most results hold no integer beyond 2 ** 53, and bigints are slow: they are only read
        // after the driver has refused to read a number.
        try {
          return copyRows(this.#statement.all(...parameters), false);
        } catch (error) {
          if (!isOutOfRange(error)) throw error;
          this.#readBigints();
        }
      }
    }
    return copyRows(this.#statement.all(...parameters), this.#mode === "auto");
  }

  run(parameters: SqliteValue[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...parameters);
  }

  *iterate(parameters: SqliteValue[]): Iterator<Row> {
    const narrow = this.#mode === "auto";
    if (narrow) this.#readBigints();
    const rows = this.#statement.iterate(...parameters);
    try {
      for (let next = rows.next(); !next.done; next = rows.next()) {
        yield copyRows([next.value], narrow)[0]!;
      }
    } finally {
      rows.return?.();
    }
  }

  finalize(): void {
    // Nothing to do: node:sqlite finalises a statement when it is collected.
  }

  #readBigints(): void {
    if (this.#readsBigints) return;
    this.#readsBigints = true;
    this.#statement.setReadBigInts(true);
  }
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof RangeError && "code" in error && error.code === "ERR_OUT_OF_RANGE";
}

/** Plain objects (rows of node:sqlite have no prototype), bigints narrowed where nothing is lost. */
function copyRows(rows: unknown[], narrow: boolean): Row[] {
  if (rows.length === 0) return [];
  const columns = Object.keys(rows[0] as Row);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as Row;
    const copy: Row = {};
    for (const column of columns) {
      const value = row[column];
      copy[column] = narrow && typeof value === "bigint" && isSafe(value) ? Number(value) : value;
    }
    rows[i] = copy;
  }
  return rows as Row[];
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function isSafe(value: bigint): boolean {
  return value <= MAX_SAFE && value >= -MAX_SAFE;
}
