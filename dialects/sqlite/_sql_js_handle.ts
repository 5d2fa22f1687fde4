import type { SqliteValue } from "./_bind.ts";
import type { RunResult, SqliteHandle, SqliteHandleStatement } from "./_handle.ts";
import type { SqlJsDatabase, SqlJsStatement } from "./sqlite_wasm_dialect.ts";

/** A database of `sql.js`. */
export class SqlJsHandle implements SqliteHandle {
  readonly #database: SqlJsDatabase;
  /** What does not fit into 32 bits, that is. */
  readonly bindsNumbersAsReal = true;

  constructor(database: SqlJsDatabase) {
    this.#database = database;
  }

  prepare(sql: string): SqliteHandleStatement {
    return new SqlJsHandleStatement(this.#database, this.#database.prepare(sql));
  }

  close(): void {
    this.#database.close();
  }
}

class SqlJsHandleStatement implements SqliteHandleStatement {
  readonly #database: SqlJsDatabase;
  readonly #statement: SqlJsStatement;
  readonly columns: readonly string[];
  #options = { useBigInt: false };

  constructor(database: SqlJsDatabase, statement: SqlJsStatement) {
    this.#database = database;
    this.#statement = statement;
    this.columns = statement.getColumnNames();
  }

  readBigints(enabled: boolean): void {
    this.#options = { useBigInt: enabled };
  }

  values(parameters: SqliteValue[]): unknown[][] {
    return [...this.#rows(parameters)];
  }

  run(parameters: SqliteValue[]): RunResult {
    for (const _ of this.#rows(parameters));
    const changes = this.#database.getRowsModified();
    const [result] = this.#database.exec("select last_insert_rowid()");
    return { changes, lastInsertRowid: result!.values[0]![0] as number };
  }

  iterate(parameters: SqliteValue[]): Iterator<unknown[]> {
    return this.#rows(parameters);
  }

  finalize(): void {
    this.#statement.free();
  }

  *#rows(parameters: SqliteValue[]): Generator<unknown[]> {
    const statement = this.#statement;
    try {
      statement.bind(parameters);
      while (statement.step()) yield statement.get(null, this.#options);
    } finally {
      statement.reset();
    }
  }
}
