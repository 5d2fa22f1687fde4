import { CompiledQuery, type DatabaseConnection, type Driver, type QueryCompiler } from "kysely";
import { ConnectionMutex } from "../_mutex.ts";
import { savepointCommand } from "../_savepoint.ts";
import { SqliteConnection } from "./_connection.ts";
import type { SqliteHandle } from "./_handle.ts";

/** What {@link SqliteDriver} needs to know. */
export interface SqliteDriverConfig {
  readonly open: () => Promise<SqliteHandle>;
  readonly statementCacheSize: number;
  readonly onCreateConnection: ((connection: DatabaseConnection) => Promise<void>) | undefined;
}

/** One connection, handed to one user at a time. */
export class SqliteDriver implements Driver {
  readonly #config: SqliteDriverConfig;
  readonly #mutex = new ConnectionMutex();
  #handle: SqliteHandle | undefined;
  #connection: SqliteConnection | undefined;

  constructor(config: SqliteDriverConfig) {
    this.#config = config;
  }

  async init(): Promise<void> {
    this.#handle = await this.#config.open();
    this.#connection = new SqliteConnection(this.#handle, this.#config.statementCacheSize);
    await this.#config.onCreateConnection?.(this.#connection);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#mutex.lock();
    return this.#connection!;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("rollback"));
  }

  async savepoint(
    connection: DatabaseConnection,
    name: string,
    compileQuery: QueryCompiler["compileQuery"],
  ): Promise<void> {
    await connection.executeQuery(savepointCommand("savepoint", name, compileQuery));
  }

  async rollbackToSavepoint(
    connection: DatabaseConnection,
    name: string,
    compileQuery: QueryCompiler["compileQuery"],
  ): Promise<void> {
    await connection.executeQuery(savepointCommand("rollback to", name, compileQuery));
  }

  async releaseSavepoint(
    connection: DatabaseConnection,
    name: string,
    compileQuery: QueryCompiler["compileQuery"],
  ): Promise<void> {
    await connection.executeQuery(savepointCommand("release", name, compileQuery));
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
}
