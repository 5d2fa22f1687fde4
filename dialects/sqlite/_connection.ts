import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { bindValues } from "./_bind.ts";
import type { Row, SqliteHandle } from "./_handle.ts";
import { StatementCache } from "./_statement_cache.ts";
import { statementKind } from "./_statement_kind.ts";

/** The one connection of a SQLite database. */
export class SqliteConnection implements DatabaseConnection {
  readonly #statements: StatementCache;

  constructor(handle: SqliteHandle, statementCacheSize: number) {
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

  #execute(query: CompiledQuery): QueryResult<Row> {
    const { sql } = query;
    const parameters = bindValues(query.parameters);
    const kind = statementKind(query);
    const generation = this.#statements.generation;
    const statement = this.#statements.take(sql);
    try {
      if (statement.reader) {
        const rows = statement.all(parameters, kind === "select");
        return kind === "insert" || kind === "update" || kind === "delete"
          ? { rows, numAffectedRows: BigInt(rows.length) }
          : { rows };
      }
      const { changes, lastInsertRowid } = statement.run(parameters);
      switch (kind) {
        case "insert":
          return {
            rows: [],
            numAffectedRows: BigInt(changes),
            // After an insert that inserted nothing SQLite still tells the previous one.
            ...(changes == 0 ? undefined : { insertId: BigInt(lastInsertRowid) }),
          };
        case "update":
        case "delete":
        case "with":
          return { rows: [], numAffectedRows: BigInt(changes) };
        case "other":
          // Drivers do not see at once that a prepared `select *` has got other columns.
          this.#statements.clear();
      }
      return { rows: [] };
    } finally {
      this.#statements.give(sql, statement, generation);
    }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    const { sql } = query;
    const parameters = bindValues(query.parameters);
    const generation = this.#statements.generation;
    const statement = this.#statements.take(sql);
    try {
      if (!statement.reader) {
        throw new Error("Cannot stream a statement that returns no rows: use execute()");
      }
      const rows = statement.iterate(parameters);
      try {
        for (let next = rows.next(); !next.done; next = rows.next()) {
          // The rows are what the query selects; nobody can check that R says the same.
          yield { rows: [next.value as R] };
        }
      } finally {
        rows.return?.();
      }
    } finally {
      this.#statements.give(sql, statement, generation);
    }
  }

  close(): void {
    this.#statements.clear();
  }
}
