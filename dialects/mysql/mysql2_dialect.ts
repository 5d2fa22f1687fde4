import type { Dialect, MysqlDialectConfig } from "kysely";
import { refuseUnknownOptions } from "../_options.ts";
import { Mysql2Dialect } from "./_mysql2_dialect.ts";

/** Options of {@link mysql2Dialect}: those of Kysely's `MysqlDialect`. */
export type Mysql2DialectConfig = MysqlDialectConfig;

const OPTIONS = ["pool", "controlConnection", "onCreateConnection", "onReserveConnection"];

/**
 * Makes a Kysely dialect from a pool of `mysql2`. It is Kysely's own `MysqlDialect`, which refuses
 * objects and arrays as values, because `mysql2` would write something else. `db.destroy()` ends the pool.
 * For MariaDB it is the same dialect: Kysely does not know its RETURNING.
 *
 * @param config The pool (the one of `mysql2`, not of `mysql2/promise`) and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { createPool } from "mysql2";
 * import { Kysely } from "kysely";
 * import { mysql2Dialect } from "@kysera/dialects";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * const db = new Kysely<Database>({
 *   dialect: mysql2Dialect({
 *     // BIGINT columns lose digits without supportBigNumbers
 *     pool: createPool({
 *       uri: "mysql://app@localhost/app",
 *       timezone: "Z",
 *       supportBigNumbers: true,
 *     }),
 *   }),
 * });
 * const query = db.selectFrom("users").selectAll().where("id", "=", 1).compile();
 * if (query.sql !== "select * from `users` where `id` = ?") throw new Error(query.sql);
 * await db.destroy();
 * ```
 */
export function mysql2Dialect(config: Mysql2DialectConfig): Dialect {
  refuseUnknownOptions("mysql2Dialect()", config, OPTIONS);
  return new Mysql2Dialect(config);
}
