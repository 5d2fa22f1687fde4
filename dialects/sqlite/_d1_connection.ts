import { type AtomicBatchConnection, BadRequestError, type BatchStatement } from "@kysera/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { COUNTS, errorOfBatch, guardOf, readResults } from "./_batch.ts";
import { bindForCloudflare, rowOfCloudflare } from "./_cloudflare_values.ts";
import { refuseTransactionCommand } from "./_no_transactions.ts";
import type { Row } from "./_rows.ts";
import { refuseSeveralStatements } from "./_several_statements.ts";
import { type StatementKind, statementKind } from "./_statement_kind.ts";
import type { D1Database, D1PreparedStatement, D1Result } from "./d1_dialect.ts";

const NAME = "D1";

/** A use of a D1 database: each query is a request of its own, so nothing is held. */
export class D1Connection implements DatabaseConnection, AtomicBatchConnection {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // The rows are what the query selects; nobody can check that R says the same.
    return await this.#execute(query) as QueryResult<R>;
  }

  // deno-lint-ignore require-yield -- Kysely wants a generator, and this one refuses.
  async *streamQuery<R>(_query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    throw new BadRequestError(
      "Cannot stream: D1 returns all rows of a statement at once; read them in pages, by a key",
    );
  }

  /** @inheritdoc */
  async executeBatch(statements: readonly BatchStatement[]): Promise<readonly QueryResult<Row>[]> {
    const prepared: D1PreparedStatement[] = [];
    const places = statements.map((statement, index) => {
      const at = prepared.push(this.#prepare(statement.query)) - 1;
      if (statementKind(statement.query) !== "select") {
        prepared.push(this.#database.prepare(COUNTS));
      }
      const guard = guardOf(statement, index);
      if (guard !== undefined) {
        const values = guard.reads === undefined ? [] : bindForCloudflare(guard.reads, NAME);
        prepared.push(this.#database.prepare(guard.sql).bind(...values, ...guard.args));
      }
      return at;
    });
    if (prepared.length === 0) return [];
    let results: readonly D1Result[];
    try {
      results = await this.#database.batch(prepared);
    } catch (error) {
      throw errorOfBatch(error, statements);
    }
    return readResults(() =>
      statements.map(({ query }, index) => {
        const kind = statementKind(query);
        const result = results[places[index]!]!;
        return kind === "select" || kind === "other"
          ? { rows: rowsOfResult(result) }
          : written(kind, result, results[places[index]! + 1]!);
      })
    );
  }

  async #execute(query: CompiledQuery): Promise<QueryResult<Row>> {
    const statement = this.#prepare(query);
    const kind = statementKind(query);
    if (kind === "select") return { rows: rowsOf(await statement.raw({ columnNames: true })) };
    if (kind === "other") return { rows: rowsOfResult(await statement.run()) };
    const [result, counts] = await this.#database.batch([
      statement,
      this.#database.prepare(COUNTS),
    ]);
    return written(kind, result!, counts!);
  }

  #prepare(query: CompiledQuery): D1PreparedStatement {
    refuseTransactionCommand(query, NAME);
    refuseSeveralStatements(query.sql, NAME);
    const values = bindForCloudflare(query, NAME);
    const statement = this.#database.prepare(query.sql);
    return values.length === 0 ? statement : statement.bind(...values);
  }
}

function written(
  kind: StatementKind,
  result: D1Result,
  counts: D1Result,
): QueryResult<Row> {
  const rows = rowsOfResult(result);
  const [told] = counts.results as readonly { changes: number; id: number }[];
  // A WITH may be read only: then the count is that of an earlier statement.
  const isRead = kind === "with" && result.meta.changed_db !== true;
  if (isRead || told === undefined) return { rows };
  if (kind === "with" && rows.length > 0) return { rows };
  const numAffectedRows = BigInt(rows.length > 0 ? rows.length : told.changes);
  // After an insert that inserted nothing SQLite still tells the id of the previous one.
  return kind === "insert" && numAffectedRows > 0n
    ? { rows, numAffectedRows, insertId: BigInt(told.id) }
    : { rows, numAffectedRows };
}

/** The rows of a result with the names of the columns first. */
function rowsOf([columns = [], ...values]: readonly (readonly unknown[])[]): Row[] {
  return values.map((cells) => rowOfCloudflare(columns, cells, NAME));
}

function rowsOfResult({ results }: D1Result): Row[] {
  return results.map((row) =>
    rowOfCloudflare(Object.keys(row as Row), Object.values(row as Row), NAME)
  );
}
