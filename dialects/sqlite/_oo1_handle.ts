import type { SqliteValue } from "./_bind.ts";
import type { RunResult, SqliteHandle, SqliteHandleStatement } from "./_handle.ts";
import type { SqliteWasmDatabase, SqliteWasmStatement } from "./sqlite_wasm_dialect.ts";

/**
 * A database of `@sqlite.org/sqlite-wasm`, which gives an integer as a bigint where it does not fit
 * into a number, and nowhere else.
 */
export class Oo1Handle implements SqliteHandle {
  readonly #database: SqliteWasmDatabase;
  readonly bindsNumbersAsReal = false;

  constructor(database: SqliteWasmDatabase) {
    this.#database = database;
  }

  prepare(sql: string): SqliteHandleStatement {
    return new Oo1HandleStatement(this.#database, this.#database.prepare(sql));
  }

  close(): void {
    this.#database.close();
  }
}

class Oo1HandleStatement implements SqliteHandleStatement {
  readonly #database: SqliteWasmDatabase;
  readonly #statement: SqliteWasmStatement;
  readonly columns: readonly string[];

  constructor(database: SqliteWasmDatabase, statement: SqliteWasmStatement) {
    this.#database = database;
    this.#statement = statement;
    this.columns = statement.columnCount === 0 ? [] : statement.getColumnNames([]);
  }

  values(parameters: SqliteValue[]): unknown[][] {
    return [...this.#rows(parameters)];
  }

  run(parameters: SqliteValue[]): RunResult {
    for (const _ of this.#rows(parameters));
    const changes = this.#database.changes();
    const id = this.#database.selectValue("select last_insert_rowid()");
    return { changes, lastInsertRowid: id as number | bigint };
  }

  iterate(parameters: SqliteValue[]): Iterator<unknown[]> {
    return this.#rows(parameters);
  }

  finalize(): void {
    this.#statement.finalize();
  }

  *#rows(parameters: SqliteValue[]): Generator<unknown[]> {
    const statement = this.#statement;
    try {
      if (parameters.length > 0) statement.bind(parameters);
      while (statement.step()) yield statement.get([]);
    } finally {
      statement.reset(true);
    }
  }
}
