import { BadRequestError } from "@kysera/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { bindForCloudflare, rowOfCloudflare } from "./_cloudflare_values.ts";
import { refuseTransactionCommand } from "./_no_transactions.ts";
import type { Row } from "./_rows.ts";
import { refuseSeveralStatements } from "./_several_statements.ts";
import { type StatementKind, statementKind } from "./_statement_kind.ts";
import type { D1Database, D1PreparedStatement, D1Result } from "./d1_dialect.ts";

const NAME = "D1";
/** The counts of a result are those of triggers and cascades as well; these are of the statement. */
const COUNTS = "select changes() as changes, last_insert_rowid() as id";

/** A use of a D1 database: each query is a request of its own, so nothing is held. */
export class D1Connection implements DatabaseConnection {
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

  async #execute(query: CompiledQuery): Promise<QueryResult<Row>> {
    refuseTransactionCommand(query, NAME);
    refuseSeveralStatements(query.sql, NAME);
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
