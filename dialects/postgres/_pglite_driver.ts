import {
  CompiledQuery,
  type DatabaseConnection,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import { abortedTransactionError } from "../_aborted_transaction.ts";
import { ConnectionMutex } from "../_mutex.ts";
import { SavepointDriver } from "../_savepoint_driver.ts";
import { transactionModes } from "./_transaction.ts";
import type { PGliteDatabase, PGliteQueryable } from "./pglite_dialect.ts";

/** The one session of a PGlite, handed to one user at a time. */
export class PGliteDriver extends SavepointDriver {
  readonly #open: () => Promise<PGliteDatabase>;
  readonly #onCreateConnection: ((connection: DatabaseConnection) => Promise<void>) | undefined;
  readonly #mutex = new ConnectionMutex();
  #database: PGliteDatabase | undefined;
  #connection: PGliteConnection | undefined;

  constructor(
    open: () => Promise<PGliteDatabase>,
    onCreateConnection: ((connection: DatabaseConnection) => Promise<void>) | undefined,
  ) {
    super();
    this.#open = open;
    this.#onCreateConnection = onCreateConnection;
  }

  async init(): Promise<void> {
    this.#database ??= await this.#open();
    await this.#database.waitReady;
    const connection = new PGliteConnection(this.#database);
    await this.#onCreateConnection?.(connection);
    this.#connection = connection;
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#mutex.lock();
    return this.#connection!;
  }

  async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    await this.#transactionsOf(connection).beginTransaction();
    const modes = transactionModes(settings);
    if (modes === "") return;
    try {
      await connection.executeQuery(CompiledQuery.raw(`set transaction ${modes}`));
    } catch (error) {
      // Kysely does not roll back what did not begin.
      await this.#transactionsOf(connection).rollbackTransaction();
      throw error;
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#transactionsOf(connection).commitTransaction();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#transactionsOf(connection).rollbackTransaction();
  }

  /** What was put round the connection may want to see its transactions, if it passes calls on. */
  #transactionsOf(connection: DatabaseConnection): PGliteConnection {
    return "beginTransaction" in connection ? connection as PGliteConnection : this.#connection!;
  }

  releaseConnection(): Promise<void> {
    this.#mutex.unlock();
    return Promise.resolve();
  }

  async destroy(): Promise<void> {
    if (this.#database?.closed === false) await this.#database.close();
  }
}

/** A transaction of PGlite, held open until it is told how to end. */
interface OpenTransaction {
  readonly queryable: PGliteQueryable;
  /** Lets PGlite commit, or roll back. */
  end(how: "commit" | "rollback"): void;
  /** Settled when PGlite has done so. */
  readonly ended: Promise<void>;
}

/** Thrown into a transaction of PGlite to make it roll back. */
const ROLLBACK = Symbol("rollback");

let cursors = 0;

class PGliteConnection implements DatabaseConnection {
  readonly #database: PGliteDatabase;
  #transaction: OpenTransaction | undefined;

  constructor(database: PGliteDatabase) {
    this.#database = database;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, affectedRows, command } = await this.#query(query.sql, query.parameters);
    // The rows are what the query selects; nobody can check that R says the same.
    const result = { rows: rows as R[] };
    return changesRows(query, command) && affectedRows !== undefined
      ? { ...result, numAffectedRows: BigInt(affectedRows) }
      : result;
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize = 100,
  ): AsyncIterableIterator<QueryResult<R>> {
    if (changesRows(query, undefined)) {
      throw new Error("Cannot stream: PGlite streams a SELECT or VALUES only, use execute()");
    }
    const cursor = `kysera_cursor_${++cursors}`;
    // Outside of a transaction a cursor lives only if its rows are set aside.
    const hold = this.#transaction === undefined ? "with hold " : "";
    await this.#query(`declare ${cursor} cursor ${hold}for ${query.sql}`, query.parameters);
    try {
      while (true) {
        const { rows } = await this.#query(`fetch ${Math.max(1, chunkSize)} from ${cursor}`, []);
        if (rows.length === 0) break;
        // The rows are what the query selects; nobody can check that R says the same.
        yield { rows: rows as R[] };
      }
    } finally {
      // A failed transaction has closed the cursor already, and its own error is on the way.
      await this.#query(`close ${cursor}`, []).catch(() => {});
    }
  }

  /** PGlite's own transactions also keep other users of the same PGlite out. */
  async beginTransaction(): Promise<void> {
    let end!: (how: "commit" | "rollback") => void;
    const told = new Promise<"commit" | "rollback">((resolve) => end = resolve);
    await new Promise<void>((begun, failed) => {
      const ended = this.#database.transaction(async (queryable) => {
        this.#transaction = { queryable, end, ended };
        begun();
        if (await told === "rollback") throw ROLLBACK;
      });
      ended.catch(failed);
    });
  }

  async commitTransaction(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    transaction?.end("commit");
    try {
      await transaction?.ended;
    } catch (error) {
      if (hasCode(error, "25P02")) throw abortedTransactionError(error);
      throw error;
    }
  }

  async rollbackTransaction(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    transaction?.end("rollback");
    try {
      await transaction?.ended;
    } catch (error) {
      if (error !== ROLLBACK) throw error;
    }
  }

  #query(sql: string, parameters: readonly unknown[]) {
    return (this.#transaction?.queryable ?? this.#database).query(sql, [...parameters]);
  }
}

function changesRows(query: CompiledQuery, command: string | undefined): boolean {
  switch (command ?? query.query.kind) {
    case "INSERT":
    case "UPDATE":
    case "DELETE":
    case "MERGE":
    case "InsertQueryNode":
    case "UpdateQueryNode":
    case "DeleteQueryNode":
    case "MergeQueryNode":
      return true;
    default:
      return false;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}
