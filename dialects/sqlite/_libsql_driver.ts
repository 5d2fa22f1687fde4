import { CompiledQuery, type DatabaseConnection, type TransactionSettings } from "kysely";
import { ConnectionMutex } from "../_mutex.ts";
import { SavepointDriver } from "../_savepoint_driver.ts";
import { hasNoTransaction } from "./_has_no_transaction.ts";
import { LibsqlConnection } from "./_libsql_connection.ts";
import type { BigintMode } from "./_rows.ts";
import type { LibsqlClient } from "./libsql_dialect.ts";

const BEGIN = CompiledQuery.raw("begin");
const COMMIT = CompiledQuery.raw("commit");
const ROLLBACK = CompiledQuery.raw("rollback");

/** Hands out connections: of a local file to one user at a time, as it has one writer. */
export class LibsqlDriver extends SavepointDriver {
  readonly #open: () => LibsqlClient | Promise<LibsqlClient>;
  readonly #bigints: BigintMode;
  readonly #mutex = new ConnectionMutex();
  #client: LibsqlClient | undefined;

  constructor(open: () => LibsqlClient | Promise<LibsqlClient>, bigints: BigintMode) {
    super();
    this.#open = open;
    this.#bigints = bigints;
  }

  async init(): Promise<void> {
    this.#client ??= await this.#open();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const client = this.#client!;
    if (client.protocol === "file") await this.#mutex.lock();
    return new LibsqlConnection(client, this.#bigints);
  }

  /** Every transaction of SQLite is serializable, so any isolation level that is asked for is given. */
  async beginTransaction(
    connection: DatabaseConnection,
    { accessMode }: TransactionSettings,
  ): Promise<void> {
    if (accessMode !== "read only") await connection.executeQuery(BEGIN);
    // An executor hands on a proxy of the connection, which has its methods.
    else await (connection as LibsqlConnection).beginReading();
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

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    try {
      await (connection as LibsqlConnection).end();
    } finally {
      if (this.#client!.protocol === "file") this.#mutex.unlock();
    }
  }

  destroy(): Promise<void> {
    this.#client?.close();
    return Promise.resolve();
  }
}
