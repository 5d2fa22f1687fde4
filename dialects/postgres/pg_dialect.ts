import { type Dialect, PostgresDialect, type PostgresDialectConfig } from "kysely";
import { refuseUnknownOptions } from "../_options.ts";
import { wrapPool } from "./_pg_pool.ts";

/**
 * Options of {@link pgDialect}: those of Kysely's `PostgresDialect` (`pool`, `cursor`,
 * `onCreateConnection`, `onReserveConnection`), and how many statements are prepared.
 */
export interface PgDialectConfig extends PostgresDialectConfig {
  /**
   * How many prepared statements a connection may keep on the server; 0 if not given, which means
   * none. A statement is prepared when it comes the second time. Leave it at 0 behind a pooler that
   * hands every transaction to another session.
   */
  readonly preparedStatements?: number;
}

const OPTIONS = [
  "pool",
  "cursor",
  "controlClient",
  "onCreateConnection",
  "onReserveConnection",
  "preparedStatements",
];

/**
 * Makes a Kysely dialect from a pool of `pg`. It is Kysely's own `PostgresDialect`, with prepared
 * statements where they are asked for. `stream()` needs the option `cursor`, which is the default
 * export of `pg-cursor`. `db.destroy()` ends the pool.
 *
 * @param config The pool and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import pg from "pg";
 * import { Kysely } from "kysely";
 * import { pgDialect } from "@kysera/dialects";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * const db = new Kysely<Database>({
 *   dialect: pgDialect({
 *     pool: new pg.Pool({ connectionString: "postgres://app@localhost/app" }),
 *     preparedStatements: 100,
 *   }),
 * });
 * const query = db.selectFrom("users").selectAll().where("id", "=", 1).compile();
 * if (query.sql !== `select * from "users" where "id" = $1`) throw new Error(query.sql);
 * await db.destroy();
 * ```
 */
export function pgDialect(config: PgDialectConfig): Dialect {
  refuseUnknownOptions("pgDialect()", config, OPTIONS);
  const { preparedStatements = 0, ...rest } = config;
  if (!Number.isInteger(preparedStatements) || preparedStatements < 0) {
    throw new RangeError(
      `Cannot call pgDialect(): option "preparedStatements" is ${preparedStatements}, it must be a whole number, 0 or more`,
    );
  }
  const { pool } = rest;
  return new PostgresDialect({
    ...rest,
    pool: typeof pool === "function"
      ? async (...parameters) => wrapPool(await pool(...parameters), preparedStatements)
      : wrapPool(pool, preparedStatements),
  });
}
