import type { DatabaseConnection, Dialect } from "kysely";
import { refuseUnknownOptions } from "../_options.ts";
import { PostgresDriverDialect } from "./_dialect.ts";
import { PGliteDriver } from "./_pglite_driver.ts";

/** What a query returns, as far as it is used. */
export interface PGliteResults {
  /** The rows, as objects. */
  rows: unknown[];
  /** How many rows were changed. */
  affectedRows?: number;
  /** The kind of statement that was run; versions of PGlite before 0.5 do not tell. */
  command?: string;
}

/** What can run a query: PGlite itself, or a transaction of it. */
export interface PGliteQueryable {
  /** Runs one statement. */
  query(sql: string, parameters?: any[]): Promise<PGliteResults>;
}

/** The part of a `PGlite` of `@electric-sql/pglite` that is used. */
export interface PGliteDatabase extends PGliteQueryable {
  /** Whether it has been closed. */
  readonly closed: boolean;
  /** Settled when the database has started. */
  readonly waitReady: Promise<void>;
  /** Runs a function in a transaction that keeps all other users of the database waiting. */
  transaction<T>(body: (transaction: PGliteQueryable) => Promise<T>): Promise<T>;
  /** Closes the database. */
  close(): Promise<void>;
}

/** Options of {@link pgliteDialect}. */
export interface PGliteDialectConfig {
  /** A `PGlite`, or a function that makes one when it is first needed. */
  readonly database: PGliteDatabase | (() => PGliteDatabase | Promise<PGliteDatabase>);
  /** Called once with the connection before its first use. */
  readonly onCreateConnection?: (connection: DatabaseConnection) => Promise<void>;
}

/**
 * Makes a Kysely dialect from a PGlite, the PostgreSQL that runs inside the process.
 *
 * PGlite has one session, so queries wait for each other. `stream()` reads through a cursor: inside
 * a transaction row by row, outside of one from a result that PGlite has set aside. Only what can
 * be the query of a cursor can be streamed, which is SELECT and VALUES. `db.destroy()` closes the
 * database.
 *
 * @param config The database and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { PGlite } from "@electric-sql/pglite";
 * import { Kysely, sql } from "kysely";
 * import { pgliteDialect } from "@kysera/dialects";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: pgliteDialect({ database: () => PGlite.create() }),
 * });
 * const { rows } = await sql<{ sum: number }>`select ${20}::int + ${22}::int as sum`.execute(db);
 * if (rows[0]?.sum !== 42) throw new Error("not 42");
 * await db.destroy();
 * ```
 */
export function pgliteDialect(config: PGliteDialectConfig): Dialect {
  refuseUnknownOptions("pgliteDialect()", config, ["database", "onCreateConnection"]);
  const { database, onCreateConnection } = config;
  if (database === null || (typeof database !== "object" && typeof database !== "function")) {
    throw new TypeError(
      'Cannot call pgliteDialect(): option "database" must be a PGlite, or a function that makes one',
    );
  }
  const open = async () => typeof database === "function" ? await database() : database;
  return new PostgresDriverDialect(() => new PGliteDriver(open, onCreateConnection));
}
