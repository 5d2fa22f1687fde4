import { detectDialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";

let made = 0;

/** A savepoint, made past the plugins: it is not a query of the user's. */
export class Savepoint {
  readonly #db: Kysely<any>;
  readonly #name: string;
  readonly #mssql: boolean;

  constructor(db: Kysely<any>) {
    this.#db = getRawDb(db).withoutPlugins();
    // A name of its own, so that one of the same name outside is never meant.
    this.#name = `kysera_sp_${++made}`;
    this.#mssql = detectDialect(db) === "mssql";
  }

  async create(): Promise<void> {
    const name = sql.id(this.#name);
    await (this.#mssql ? sql`save transaction ${name}` : sql`savepoint ${name}`).execute(this.#db);
  }

  async release(): Promise<void> {
    // SQL Server has no such statement: its savepoints end with the transaction.
    if (!this.#mssql) await sql`release savepoint ${sql.id(this.#name)}`.execute(this.#db);
  }

  async rollback(): Promise<void> {
    const name = sql.id(this.#name);
    if (this.#mssql) await sql`rollback transaction ${name}`.execute(this.#db);
    else {
      await sql`rollback to savepoint ${name}`.execute(this.#db);
      await this.release();
    }
  }
}
