import { TransactionNotSupportedError } from "@kysera/core";
import type { DatabaseConnection, Driver } from "kysely";
import { D1Connection } from "./_d1_connection.ts";
import type { D1Database } from "./d1_dialect.ts";

/** Hands out connections that hold nothing, as many as are asked for. */
export class D1Driver implements Driver {
  readonly #open: () => D1Database | Promise<D1Database>;
  #database: D1Database | undefined;

  constructor(open: () => D1Database | Promise<D1Database>) {
    this.#open = open;
  }

  async init(): Promise<void> {
    this.#database = await this.#open();
  }

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(new D1Connection(this.#database!));
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

  /** A binding cannot be closed: it lives as long as its worker. */
  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

function refuse(action: string): Promise<never> {
  return Promise.reject(new TransactionNotSupportedError("D1", action));
}
