import {
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type SqliteAdapter,
  SqliteQueryCompiler,
} from "kysely";
import { refuseUnknownOptions } from "../_options.ts";
import { D1Adapter } from "./_cloudflare_adapter.ts";
import { CloudflareIntrospector } from "./_cloudflare_introspector.ts";
import { D1Driver } from "./_d1_driver.ts";

/** The part of a result of D1 that is used. */
export interface D1Result {
  /** The rows, each an object. */
  readonly results: readonly unknown[];
  /** What the statement did. */
  readonly meta: {
    /** Whether it wrote. */
    readonly changed_db?: boolean;
  };
}

/** The part of a prepared statement of D1 that is used. */
export interface D1PreparedStatement {
  /** Returns the statement with values for its parameters. */
  bind(...values: any[]): D1PreparedStatement;
  /** Runs the statement and returns the names of its columns, and then its rows as arrays. */
  raw(options: { columnNames: true }): Promise<readonly (readonly unknown[])[]>;
  /** Runs the statement and returns its rows, and what it did. */
  run(): Promise<D1Result>;
}

/** The part of a `D1Database`, or of a session of one, that is used. */
export interface D1Database {
  /** Prepares a statement. */
  prepare(sql: string): D1PreparedStatement;
  /** Runs statements in one transaction. */
  batch(statements: any[]): Promise<readonly D1Result[]>;
}

/** Options of {@link d1Dialect}. */
export interface D1DialectConfig {
  /**
   * The binding of the database (`env.DB`), a session of it (`env.DB.withSession()`), or a function
   * that returns one when it is first needed.
   */
  readonly database: D1Database | (() => D1Database | Promise<D1Database>);
}

/**
 * Creates a Kysely dialect on a binding of Cloudflare D1. It speaks the SQL of SQLite, and refuses
 * what D1 does not do, or does in another way without an error:
 *
 * - transactions and savepoints: a `TransactionNotSupportedError` of `@kysera/core`;
 * - streams, a text that holds several statements, and more than 100 parameters: a
 *   `BadRequestError`;
 * - integers beyond 2 ** 53, which D1 rounds: as parameters and in results.
 *
 * @param config The database.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { type D1Database, d1Dialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 *
 * interface Env {
 *   DB: D1Database;
 * }
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * const worker = {
 *   async fetch(_request: Request, env: Env): Promise<Response> {
 *     const db = new Kysely<Database>({ dialect: d1Dialect({ database: env.DB }) });
 *     return Response.json(await db.selectFrom("users").selectAll().execute());
 *   },
 * };
 * if (typeof worker.fetch !== "function") throw new Error("no worker");
 * ```
 */
export function d1Dialect(config: D1DialectConfig): Dialect {
  refuseUnknownOptions("d1Dialect()", config, ["database"]);
  const { database } = config;
  if (!isDatabase(database) && typeof database !== "function") {
    throw new TypeError(
      'Cannot call d1Dialect(): option "database" must be a binding of D1 (such as env.DB), or a ' +
        "function that returns one",
    );
  }
  return {
    createDriver: (): Driver => new D1Driver(isDatabase(database) ? () => database : database),
    createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
    createAdapter: (): SqliteAdapter => new D1Adapter(),
    createIntrospector: (db: Kysely<any>): DatabaseIntrospector => new CloudflareIntrospector(db),
  };
}

/** A binding may be a proxy, of a function even. */
function isDatabase(database: D1DialectConfig["database"]): database is D1Database {
  return typeof (database as Partial<D1Database> | null)?.prepare === "function";
}
