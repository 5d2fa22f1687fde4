import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { bindValues, type SqliteValue } from "./_bind.ts";
import type { SqliteHandle } from "./_handle.ts";
import { type BigintMode, type Row, rowOfBigints, rowsOfBigints, rowsOfNumbers } from "./_rows.ts";
import { type CachedStatement, StatementCache } from "./_statement_cache.ts";
import { statementKind } from "./_statement_kind.ts";

/** The one connection of a SQLite database. */
export class SqliteConnection implements DatabaseConnection {
  readonly #handle: SqliteHandle;
  readonly #bigints: BigintMode;
  readonly #statements: StatementCache;

  constructor(handle: SqliteHandle, bigints: BigintMode, statementCacheSize: number) {
    this.#handle = handle;
    this.#bigints = bigints;
    this.#statements = new StatementCache(handle, statementCacheSize);
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // A throw becomes a rejection without the cost of an async function.
    try {
      // The rows are what the query selects; nobody can check that R says the same.
      return Promise.resolve(this.#execute(query) as QueryResult<R>);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize = 1,
  ): AsyncIterableIterator<QueryResult<R>> {
    const parameters = bindValues(query.parameters, this.#handle.bindsNumbersAsReal);
    const statement = this.#statements.take(query.sql);
    let finished = false;
    try {
      const { columns } = statement.handle;
      if (columns.length === 0) {
        throw new Error("Cannot stream a statement that returns no rows: use execute()");
      }
      // Rows that were handed out cannot be read again as bigint, so all are.
      readBigints(statement, true);
      const iterator = statement.handle.iterate(parameters);
      try {
        let rows: R[] = [];
        for (let next = iterator.next(); !next.done; next = iterator.next()) {
          // The rows are what the query selects; nobody can check that R says the same.
          rows.push(rowOfBigints(next.value, columns, this.#bigints) as R);
          if (rows.length >= chunkSize) {
            yield { rows };
            rows = [];
          }
        }
        finished = true;
        if (rows.length > 0) yield { rows };
      } finally {
        iterator.return?.();
      }
    } finally {
      // Not every driver resets a statement that was left half way: only a finalised one is sure to
      // hold no lock.
      if (finished) this.#statements.give(query.sql, statement);
      else statement.handle.finalize?.();
    }
  }

  close(): void {
    this.#statements.clear();
  }

  #execute(query: CompiledQuery): QueryResult<Row> {
    const parameters = bindValues(query.parameters, this.#handle.bindsNumbersAsReal);
    const kind = statementKind(query);
    const statement = this.#statements.take(query.sql);
    try {
      if (statement.handle.columns.length > 0) {
        const rows = this.#read(statement, parameters, kind === "select");
        return kind === "insert" || kind === "update" || kind === "delete"
          ? { rows, numAffectedRows: BigInt(rows.length) }
          : { rows };
      }
      const { changes, lastInsertRowid } = statement.handle.run(parameters);
      switch (kind) {
        case "insert": {
          const numAffectedRows = BigInt(changes);
          // After an insert that inserted nothing SQLite still tells the id of the previous one.
          return numAffectedRows === 0n
            ? { rows: [], numAffectedRows }
            : { rows: [], numAffectedRows, insertId: BigInt(lastInsertRowid) };
        }
        case "update":
        case "delete":
        case "with":
          return { rows: [], numAffectedRows: BigInt(changes) };
        case "other":
          this.#statements.schemaChanged();
      }
      return { rows: [] };
    } finally {
      this.#statements.give(query.sql, statement);
    }
  }

  /** `repeatable` says that running the statement twice does no more than running it once. */
  #read(statement: CachedStatement, parameters: SqliteValue[], repeatable: boolean): Row[] {
    const { handle } = statement;
    // Few results hold an integer beyond 2 ** 53, and bigints are slow, so a select reads numbers
    // first.
    if (this.#bigints === "auto" && repeatable && !statement.readsBigints) {
      readBigints(statement, false);
      const rows = this.#readNumbers(statement, parameters);
      if (rows !== undefined) return rows;
      statement.readsBigints = true;
    }
    readBigints(statement, true);
    return rowsOfBigints(handle.values(parameters), handle.columns, this.#bigints);
  }

  #readNumbers({ handle }: CachedStatement, parameters: SqliteValue[]): Row[] | undefined {
    let values: unknown[][];
    try {
      values = handle.values(parameters);
    } catch (error) {
      if (this.#handle.isOutOfRange?.(error)) return undefined;
      throw error;
    }
    return rowsOfNumbers(values, handle.columns);
  }
}

function readBigints({ handle }: CachedStatement, enabled: boolean): void {
  handle.readBigints?.(enabled);
}
