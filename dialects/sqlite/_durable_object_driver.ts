import { CompiledQuery, type DatabaseConnection, type TransactionSettings } from "kysely";
import { ConnectionMutex } from "../_mutex.ts";
import { SavepointDriver } from "../_savepoint_driver.ts";
import { DurableObjectConnection } from "./_durable_object_connection.ts";
import { hasNoTransaction } from "./_has_no_transaction.ts";
import type { DurableObjectStorage } from "./durable_object_dialect.ts";

const BEGIN = CompiledQuery.raw("begin");
const COMMIT = CompiledQuery.raw("commit");
const ROLLBACK = CompiledQuery.raw("rollback");

/** One connection, handed to one user at a time: the storage has one transaction at a time. */
export class DurableObjectDriver extends SavepointDriver {
  readonly #connection: DurableObjectConnection;
  readonly #mutex = new ConnectionMutex();

  constructor(storage: DurableObjectStorage) {
    super();
    this.#connection = new DurableObjectConnection(storage);
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#mutex.lock();
    return this.#connection;
  }

  /** Every transaction of SQLite is serializable, so any isolation level that is asked for is given. */
  async beginTransaction(
    connection: DatabaseConnection,
    { accessMode }: TransactionSettings,
  ): Promise<void> {
    if (accessMode === "read only") await this.#connection.beginReading();
    else await connection.executeQuery(BEGIN);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(COMMIT);
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(ROLLBACK);
    } catch (error) {
      // After a commit that failed, Kysely 0.28 rolls back.
      if (!hasNoTransaction(error)) throw error;
    }
  }

  async releaseConnection(): Promise<void> {
    try {
      await this.#connection.end();
    } finally {
      this.#mutex.unlock();
    }
  }

  /** The storage cannot be closed: it lives as long as its object. */
  destroy(): Promise<void> {
    return Promise.resolve();
  }
}
