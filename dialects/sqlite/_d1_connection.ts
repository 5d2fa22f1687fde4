import { BadRequestError } from "@kysera/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { bindValues, type SqliteValue } from "./_bind.ts";
import { refuseTransactionCommand } from "./_no_transactions.ts";
import type { Row } from "./_rows.ts";
import { refuseSeveralStatements } from "./_several_statements.ts";
import { type StatementKind, statementKind } from "./_statement_kind.ts";
import type { D1Database, D1PreparedStatement, D1Result } from "./d1_dialect.ts";

/** How many parameters D1 takes in one statement. */
export const D1_PARAMETERS = 100;

const NAME = "D1";
/** Beyond it a number is no integer of SQLite: those have 64 bits. */
const INT64 = 2 ** 63;
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

  #prepare({ sql, parameters }: CompiledQuery): D1PreparedStatement {
    if (parameters.length > D1_PARAMETERS) {
      throw new BadRequestError(
        `Cannot run the query: it has ${parameters.length} parameters, and D1 takes ` +
          `${D1_PARAMETERS} in one statement; write or read in parts, or pass a list as one JSON ` +
          "text and read it with json_each()",
      );
    }
    const statement = this.#database.prepare(sql);
    return parameters.length === 0
      ? statement
      : statement.bind(...bindValues(parameters, false).map(valueForD1));
  }
}

/** D1 takes no bigints, and binds NULL for a number that is not finite. */
function valueForD1(value: SqliteValue, index: number): Exclude<SqliteValue, bigint> {
  if (typeof value === "bigint") {
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) {
      throw new BadRequestError(
        `Cannot bind parameter ${index + 1}: D1 rounds integers beyond 2 ** 53; store such a ` +
          "value as text",
      );
    }
    return Number(value);
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new BadRequestError(
      `Cannot bind parameter ${index + 1}: D1 stores NULL for a number that is not finite`,
    );
  }
  return value;
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

/** The rows of an answer with the names of the columns first. */
function rowsOf([columns = [], ...values]: readonly (readonly unknown[])[]): Row[] {
  return values.map((cells) => {
    const row: Row = {};
    for (let c = 0; c < columns.length; c++) {
      const column = String(columns[c]);
      row[column] = valueOfD1(cells[c], column);
    }
    return row;
  });
}

function rowsOfResult({ results }: D1Result): Row[] {
  return results.map((cells) => {
    const row: Row = {};
    for (const [column, value] of Object.entries(cells as Row)) {
      row[column] = valueOfD1(value, column);
    }
    return row;
  });
}

function valueOfD1(value: unknown, column: string): unknown {
  if (typeof value === "number") {
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= INT64) {
      throw new RangeError(
        `Cannot read column "${column}": D1 may have rounded the integer, which is beyond ` +
          "2 ** 53; select it as text, by cast(.. as text)",
      );
    }
    return value;
  }
  // Bytes come as an array of numbers.
  if (Array.isArray(value)) return Uint8Array.from(value);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}
