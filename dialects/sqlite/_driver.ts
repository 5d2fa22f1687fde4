import { CompiledQuery, type DatabaseConnection, type TransactionSettings } from "kysely";
import { abortedTransactionError } from "../_aborted_transaction.ts";
import { ConnectionMutex } from "../_mutex.ts";
import { SavepointDriver } from "../_savepoint_driver.ts";
import { SqliteConnection } from "./_connection.ts";
import { hasNoTransaction } from "./_has_no_transaction.ts";
import type { SqliteHandle } from "./_handle.ts";
import type { BigintMode } from "./_rows.ts";

/** What {@link SqliteDriver} needs to know. */
export interface SqliteDriverConfig {
  readonly open: () => Promise<SqliteHandle>;
  readonly bigints: BigintMode;
  readonly statementCacheSize: number;
  readonly onCreateConnection: ((connection: DatabaseConnection) => Promise<void>) | undefined;
}

const BEGIN = CompiledQuery.raw("begin");
/** Says that the transaction begins as a reader, whoever hands on what is sent. */
const BEGIN_READING = CompiledQuery.raw("begin deferred");
const COMMIT = CompiledQuery.raw("commit");
const ROLLBACK = CompiledQuery.raw("rollback");
const IS_QUERY_ONLY = CompiledQuery.raw("select query_only from pragma_query_only");
const QUERY_ONLY = CompiledQuery.raw("pragma query_only = on");
const NOT_QUERY_ONLY = CompiledQuery.raw("pragma query_only = off");

/** One connection, handed to one user at a time. */
export class SqliteDriver extends SavepointDriver {
  readonly #config: SqliteDriverConfig;
  readonly #mutex = new ConnectionMutex();
  #handle: SqliteHandle | undefined;
  #connection: SqliteConnection | undefined;
  #endsQueryOnly = false;

  constructor(config: SqliteDriverConfig) {
    super();
    this.#config = config;
  }

  async init(): Promise<void> {
    const { open, bigints, statementCacheSize, onCreateConnection } = this.#config;
    this.#handle ??= await open();
    const connection = new SqliteConnection(this.#handle, bigints, statementCacheSize);
    await onCreateConnection?.(connection);
    this.#connection = connection;
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#mutex.lock();
    return this.#connection!;
  }

  /**
   * Every transaction of SQLite is serializable, so any isolation level that is asked for is given.
   * It has no read only transactions, but a switch that makes the connection refuse to write.
   */
  async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    const isReadOnly = settings.accessMode === "read only";
    await connection.executeQuery(isReadOnly ? BEGIN_READING : BEGIN);
    if (!isReadOnly) return;
    const { rows } = await connection.executeQuery<{ query_only: number | bigint }>(IS_QUERY_ONLY);
    if (Number(rows[0]?.query_only) === 1) return;
    await connection.executeQuery(QUERY_ONLY);
    this.#endsQueryOnly = true;
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(COMMIT);
    } catch (error) {
      if (!hasNoTransaction(error)) throw error;
      await this.#endQueryOnly(connection);
      throw abortedTransactionError(error);
    }
    await this.#endQueryOnly(connection);
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(ROLLBACK);
    } catch (error) {
      if (!hasNoTransaction(error)) throw error;
    }
    await this.#endQueryOnly(connection);
  }

  releaseConnection(): Promise<void> {
    this.#mutex.unlock();
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    this.#connection?.close();
    this.#handle?.close();
    return Promise.resolve();
  }

  async #endQueryOnly(connection: DatabaseConnection): Promise<void> {
    if (!this.#endsQueryOnly) return;
    this.#endsQueryOnly = false;
    await connection.executeQuery(NOT_QUERY_ONLY);
  }
}
