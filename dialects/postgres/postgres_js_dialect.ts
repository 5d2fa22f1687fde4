import type { DatabaseConnection, Dialect } from "kysely";
import { refuseUnknownOptions } from "../_options.ts";
import { PostgresDriverDialect } from "./_dialect.ts";
import { PostgresJsDriver } from "./_postgres_js_driver.ts";

/** The rows of a query, and what the server said of it. */
export interface PostgresJsResult extends ReadonlyArray<unknown> {
  /** How many rows were returned or changed. */
  readonly count: number | null;
  /** The kind of statement that was run. */
  readonly command: string;
}

/** A query that runs when it is awaited. */
export interface PostgresJsQuery extends PromiseLike<PostgresJsResult> {
  /** Runs the query and hands over its rows so many at a time, as fast as they are taken. */
  cursor(rows: number, take: (rows: any) => unknown): PromiseLike<unknown>;
}

/** What can run queries: `postgres` itself, or one reserved connection of it. */
export interface PostgresJsQueryable {
  /** Makes a query of a text and its parameters. */
  unsafe(
    sql: string,
    parameters?: any[],
    options?: { prepare?: boolean; simple?: boolean },
  ): PostgresJsQuery;
}

/** One connection of `postgres`, taken out of its pool. */
export interface PostgresJsConnection extends PostgresJsQueryable {
  /** Puts the connection back. */
  release(): void;
}

/** The part of what `postgres()` returns that is used. */
export interface PostgresJsDatabase {
  /** What a cursor is answered with to end it. */
  readonly CLOSE: object;
  /** Takes a connection out of the pool. */
  reserve(): Promise<PostgresJsConnection>;
  /** Closes all connections. */
  end(): Promise<void>;
}

/** Options of {@link postgresJsDialect}. */
export interface PostgresJsDialectConfig {
  /** What `postgres()` returned, or a function that calls it when it is first needed. */
  readonly database: PostgresJsDatabase | (() => PostgresJsDatabase | Promise<PostgresJsDatabase>);
  /**
   * How many different statements are prepared; 256 if not given. A statement is prepared when it
   * comes the second time. 0, and the option `prepare: false` of `postgres()`, mean none, as needed
   * behind a pooler that hands every transaction to another session.
   */
  readonly preparedStatements?: number;
  /** Called before a connection is handed out: `postgres` does not tell which ones are new. */
  readonly onReserveConnection?: (connection: DatabaseConnection) => Promise<void>;
}

/**
 * Makes a Kysely dialect from `postgres` (Postgres.js). `stream()` reads through a cursor.
 * `db.destroy()` closes all connections.
 *
 * How values are read and written is up to the driver. It writes a parameter for a `json` or `jsonb`
 * column with `JSON.stringify()`: hand it the value itself, not its text.
 *
 * @param config The database and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import postgres from "postgres";
 * import { Kysely } from "kysely";
 * import { postgresJsDialect } from "@kysera/dialects";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * const db = new Kysely<Database>({
 *   dialect: postgresJsDialect({ database: postgres("postgres://app@localhost/app") }),
 * });
 * const query = db.selectFrom("users").selectAll().where("id", "=", 1).compile();
 * if (query.sql !== `select * from "users" where "id" = $1`) throw new Error(query.sql);
 * await db.destroy();
 * ```
 */
export function postgresJsDialect(config: PostgresJsDialectConfig): Dialect {
  refuseUnknownOptions("postgresJsDialect()", config, [
    "database",
    "preparedStatements",
    "onReserveConnection",
  ]);
  const { database, preparedStatements = 256, onReserveConnection } = config;
  if (!isDatabase(database) && typeof database !== "function") {
    throw new TypeError(
      'Cannot call postgresJsDialect(): option "database" must be what postgres() returns, or a function that calls it',
    );
  }
  if (!Number.isInteger(preparedStatements) || preparedStatements < 0) {
    throw new RangeError(
      `Cannot call postgresJsDialect(): option "preparedStatements" is ${preparedStatements}, it must be a whole number, 0 or more`,
    );
  }
  const open = async () => isDatabase(database) ? database : await database();
  return new PostgresDriverDialect(() =>
    new PostgresJsDriver(open, preparedStatements, onReserveConnection)
  );
}

/** What postgres() returns is a function too, so `typeof` does not tell. */
function isDatabase(value: unknown): value is PostgresJsDatabase {
  return typeof value === "function" && "reserve" in value && "CLOSE" in value;
}
