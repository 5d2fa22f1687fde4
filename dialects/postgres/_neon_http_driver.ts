import { TransactionNotSupportedError } from "@kysera/core";
import type { DatabaseConnection, Driver } from "kysely";
import { NeonHttpConnection } from "./_neon_http_connection.ts";
import { mustBeConnectionString, type NeonHttpDialectConfig } from "./neon_http_dialect.ts";

const NAME = "Neon over HTTP";

/** Hands out connections that hold nothing, as many as are asked for. */
export class NeonHttpDriver implements Driver {
  readonly #config: NeonHttpDialectConfig;
  #endpoint: string | undefined;
  #connectionString: string | undefined;

  constructor(config: NeonHttpDialectConfig) {
    this.#config = config;
  }

  async init(): Promise<void> {
    const { connectionString, endpoint } = this.#config;
    const given = typeof connectionString === "function"
      ? await connectionString()
      : connectionString;
    this.#endpoint = endpoint ?? `https://${mustBeConnectionString(given).hostname}/sql`;
    this.#connectionString = given;
  }

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(
      new NeonHttpConnection(this.#config, this.#endpoint!, this.#connectionString!),
    );
  }

  beginTransaction(): Promise<void> {
    return refuse("begin a transaction");
  }

  commitTransaction(): Promise<void> {
    return refuse("commit a transaction");
  }

  rollbackTransaction(): Promise<void> {
    return refuse("roll back a transaction");
  }

  savepoint(): Promise<void> {
    return refuse("set a savepoint");
  }

  rollbackToSavepoint(): Promise<void> {
    return refuse("roll back to a savepoint");
  }

  releaseSavepoint(): Promise<void> {
    return refuse("release a savepoint");
  }

  releaseConnection(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing is open between requests. */
  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

function refuse(action: string): Promise<never> {
  return Promise.reject(new TransactionNotSupportedError(NAME, action));
}
