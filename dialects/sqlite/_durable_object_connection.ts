import { BadRequestError } from "@kysera/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { bindForCloudflare, rowOfCloudflare } from "./_cloudflare_values.ts";
import { DurableObjectTransactions } from "./_durable_object_transactions.ts";
import type { Row } from "./_rows.ts";
import { refuseSeveralStatements } from "./_several_statements.ts";
import { firstWord, statementKind } from "./_statement_kind.ts";
import type { DurableObjectStorage } from "./durable_object_dialect.ts";

const NAME = "a Durable Object";
const COMMIT: ReadonlySet<string | undefined> = new Set(["commit", "end"]);

/** The one connection to the storage of a Durable Object. */
export class DurableObjectConnection implements DatabaseConnection {
  readonly #storage: DurableObjectStorage;
  readonly #transactions: DurableObjectTransactions;
  /** SQLite's own switch is not there: such a transaction is rolled back, whatever ends it. */
  #isReadOnly = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#transactions = new DurableObjectTransactions(storage);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (query.query.kind === "RawNode" && await this.#command(query.sql)) return { rows: [] };
    // The rows are what the query selects; nobody can check that R says the same.
    return this.#execute(query) as QueryResult<R>;
  }

  // deno-lint-ignore require-yield -- Kysely wants a generator, and this one refuses.
  async *streamQuery<R>(_query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    throw new BadRequestError(
      "Cannot stream: a cursor of a Durable Object cannot be closed when it is left early; read " +
        "the rows in pages, by a key",
    );
  }

  /** Begins a transaction that cannot write. */
  async beginReading(): Promise<void> {
    await this.#transactions.begin();
    this.#isReadOnly = true;
  }

  /** Rolls back what its user has left open. */
  async end(): Promise<void> {
    this.#isReadOnly = false;
    if (this.#transactions.isOpen) await this.#transactions.rollback();
  }

  async #command(sql: string): Promise<boolean> {
    if (this.#isReadOnly && COMMIT.has(firstWord(sql)?.toLowerCase())) {
      this.#isReadOnly = false;
      await this.#transactions.rollback();
      return true;
    }
    const ran = await this.#transactions.run(sql);
    if (!this.#transactions.isOpen) this.#isReadOnly = false;
    return ran;
  }

  #execute(query: CompiledQuery): QueryResult<Row> {
    refuseSeveralStatements(query.sql, NAME);
    const cursor = this.#storage.sql.exec(query.sql, ...bindForCloudflare(query, NAME));
    const columns = cursor.columnNames;
    const rows = Array.from(cursor.raw(), (cells) => rowOfCloudflare(columns, cells, NAME));
    if (this.#isReadOnly && cursor.rowsWritten > 0) {
      throw new BadRequestError("Cannot write: the transaction is read only");
    }
    const kind = statementKind(query);
    const isWrite = kind === "insert" || kind === "update" || kind === "delete";
    if (columns.length > 0) {
      return isWrite ? { rows, numAffectedRows: BigInt(rows.length) } : { rows };
    }
    if (!isWrite && kind !== "with") return { rows };
    // Nothing runs in between: the calls are synchronous.
    const [counts] = this.#storage.sql.exec("select changes(), last_insert_rowid()").raw();
    const [changes, id] = counts as [number, number];
    const numAffectedRows = BigInt(changes);
    // After an insert that inserted nothing SQLite still tells the id of the previous one.
    return kind === "insert" && numAffectedRows > 0n
      ? { rows, numAffectedRows, insertId: BigInt(id) }
      : { rows, numAffectedRows };
  }
}
