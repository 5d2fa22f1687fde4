import { type AtomicBatchConnection, BadRequestError, type BatchStatement } from "@kysera/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { abortedTransactionError } from "../_aborted_transaction.ts";
import { COUNTS, errorOfBatch, guardOf, readResults } from "./_batch.ts";
import { bindValues } from "./_bind.ts";
import { hasNoTransaction } from "./_has_no_transaction.ts";
import { type BigintMode, type Row, rowOfBigints } from "./_rows.ts";
import { refuseSeveralStatements } from "./_several_statements.ts";
import { firstWord, statementKind } from "./_statement_kind.ts";
import type {
  LibsqlClient,
  LibsqlResult,
  LibsqlStatement,
  LibsqlTransaction,
} from "./libsql_dialect.ts";

const NAME = "libSQL";
/** BEGIN, with the mode that decides when it locks. */
const BEGIN = /^\s*begin(?:\s+(deferred|immediate|exclusive))?(?:\s+transaction)?\s*;?\s*$/i;
/** What ends the whole transaction; a savepoint is rolled back to. */
const ROLLBACK = /^\s*rollback(?:\s+transaction)?\s*;?\s*$/i;

/**
 * A connection of a libSQL client.
 *
 * The client has connections of its own: BEGIN as a statement would stay open on one of them, and
 * hold other queries. So commands about transactions become calls, whoever sends them.
 */
export class LibsqlConnection implements DatabaseConnection, AtomicBatchConnection {
  readonly #client: LibsqlClient;
  readonly #bigints: BigintMode;
  #transaction: LibsqlTransaction | undefined;
  #isQueryOnly = false;

  constructor(client: LibsqlClient, bigints: BigintMode) {
    this.#client = client;
    this.#bigints = bigints;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // The rows are what the query selects; nobody can check that R says the same.
    return await this.#command(query) ?? await this.#execute(query) as QueryResult<R>;
  }

  // deno-lint-ignore require-yield -- Kysely wants a generator, and this one refuses.
  async *streamQuery<R>(_query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    throw new BadRequestError(
      "Cannot stream: a client of libSQL returns all rows of a statement at once; read them in " +
        "pages, by a key",
    );
  }

  /** @inheritdoc */
  async executeBatch(statements: readonly BatchStatement[]): Promise<readonly QueryResult<Row>[]> {
    if (this.#transaction !== undefined) {
      throw new BadRequestError("Cannot run a batch: a transaction is open on the connection");
    }
    const sent: LibsqlStatement[] = [];
    const places = statements.map((statement, index) => {
      const at = sent.push(this.#statement(statement.query)) - 1;
      if (statementKind(statement.query) !== "select") sent.push({ sql: COUNTS, args: [] });
      const guard = guardOf(statement, index);
      if (guard !== undefined) {
        const values = guard.reads === undefined ? [] : this.#statement(guard.reads).args;
        sent.push({ sql: guard.sql, args: [...values, ...guard.args] });
      }
      return at;
    });
    if (sent.length === 0) return [];
    let results: readonly LibsqlResult[];
    try {
      results = await this.#client.batch(sent, "write");
    } catch (error) {
      throw errorOfBatch(error, statements);
    }
    return readResults(() =>
      statements.map(({ query }, index) => {
        const counts = results[places[index]! + 1]?.rows[0];
        const told = this.#resultOf(query, results[places[index]!]!);
        const isInsert = statementKind(query) === "insert" && told.numAffectedRows! > 0n;
        // With RETURNING the client tells no id.
        return isInsert ? { ...told, insertId: BigInt(counts![1] as number | bigint) } : told;
      })
    );
  }

  /** Begins a transaction that cannot write. */
  async beginReading(): Promise<void> {
    await this.#begin("read");
    // The client of a local file lets it write all the same.
    if (this.#client.protocol !== "file") return;
    await this.#transaction!.execute("pragma query_only = on");
    this.#isQueryOnly = true;
  }

  /** Rolls back what its user has left open. */
  async end(): Promise<void> {
    if (this.#transaction !== undefined) await this.#rollback();
  }

  /** Runs what is about transactions; `undefined` for any other query. */
  async #command<R>({ query, sql }: CompiledQuery): Promise<QueryResult<R> | undefined> {
    if (query.kind !== "RawNode") return undefined;
    switch (firstWord(sql)?.toLowerCase()) {
      case "begin": {
        const begin = BEGIN.exec(sql);
        if (begin === null) return undefined;
        const mode = begin[1]?.toLowerCase();
        await this.#begin(mode === "immediate" || mode === "exclusive" ? "write" : "deferred");
        break;
      }
      case "commit":
      case "end":
        await this.#commit();
        break;
      case "rollback":
        if (!ROLLBACK.test(sql)) return this.#refuseOutside("roll back to a savepoint");
        await this.#rollback();
        break;
      case "savepoint":
        return this.#refuseOutside("set a savepoint");
      case "release":
        return this.#refuseOutside("release a savepoint");
      default:
        return undefined;
    }
    return { rows: [] };
  }

  #refuseOutside(action: string): undefined {
    if (this.#transaction !== undefined) return undefined;
    throw new BadRequestError(`Cannot ${action}: no transaction is open; begin one first`);
  }

  async #begin(mode: "read" | "write" | "deferred"): Promise<void> {
    if (this.#transaction !== undefined) {
      throw new BadRequestError("Cannot begin a transaction: one is open; set a savepoint in it");
    }
    this.#transaction = await this.#client.transaction(mode);
  }

  async #commit(): Promise<void> {
    const transaction = this.#open("commit");
    try {
      await this.#endQueryOnly(transaction);
      await transaction.commit();
    } catch (error) {
      // After other errors it is open still: a lock may be free the next time.
      if (!hasEnded(error)) throw error;
      this.#close(transaction);
      throw abortedTransactionError(error);
    }
    this.#close(transaction);
  }

  async #rollback(): Promise<void> {
    const transaction = this.#open("roll back");
    try {
      await this.#endQueryOnly(transaction);
      await transaction.rollback();
    } catch (error) {
      if (!hasEnded(error)) throw error;
    } finally {
      this.#close(transaction);
    }
  }

  #open(action: string): LibsqlTransaction {
    if (this.#transaction !== undefined) return this.#transaction;
    throw new BadRequestError(`Cannot ${action}: no transaction is active`);
  }

  #close(transaction: LibsqlTransaction): void {
    this.#transaction = undefined;
    this.#isQueryOnly = false;
    transaction.close();
  }

  async #endQueryOnly(transaction: LibsqlTransaction): Promise<void> {
    if (this.#isQueryOnly) await transaction.execute("pragma query_only = off");
    this.#isQueryOnly = false;
  }

  async #execute(query: CompiledQuery): Promise<QueryResult<Row>> {
    const statement = this.#statement(query);
    return this.#resultOf(query, await (this.#transaction ?? this.#client).execute(statement));
  }

  #statement({ sql, parameters }: CompiledQuery): LibsqlStatement {
    refuseSeveralStatements(sql, NAME);
    // It binds `1` as `1.0`.
    return { sql, args: bindValues(parameters, true) };
  }

  #resultOf(query: CompiledQuery, result: LibsqlResult): QueryResult<Row> {
    const kind = statementKind(query);
    const isWrite = kind === "insert" || kind === "update" || kind === "delete";
    if (result.columns.length > 0) {
      const rows = this.#rowsOf(result);
      return isWrite ? { rows, numAffectedRows: BigInt(rows.length) } : { rows };
    }
    if (!isWrite && kind !== "with") return { rows: [] };
    const numAffectedRows = BigInt(result.rowsAffected);
    // After an insert that inserted nothing SQLite still tells the id of the previous one.
    return kind === "insert" && numAffectedRows > 0n && result.lastInsertRowid !== undefined
      ? { rows: [], numAffectedRows, insertId: result.lastInsertRowid }
      : { rows: [], numAffectedRows };
  }

  #rowsOf({ columns, rows }: LibsqlResult): Row[] {
    return rows.map((row) => {
      const cells = columns.map((_, i) => {
        const value = row[i];
        return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
      });
      return rowOfBigints(cells, columns, this.#bigints);
    });
  }
}

/** Whether the database has ended the transaction itself. */
function hasEnded(error: unknown): boolean {
  return error instanceof Error &&
    (("code" in error && error.code === "TRANSACTION_CLOSED") ||
      hasNoTransaction(error));
}
