import { isPromise } from "./is_promise.ts";
import type { DialectAdapter } from "kysely";
import { BadRequestError } from "./errors/bad_request_error.ts";

/** A family of SQL, as far as the packages tell them apart. MariaDB counts as `mysql`. */
export type Dialect = "postgres" | "mysql" | "sqlite" | "mssql";

/** Every {@linkcode Dialect}; a test compares it with what has a member for each. */
export const DIALECTS: readonly Dialect[] = ["postgres", "mysql", "sqlite", "mssql"];

/** How many parameters a database takes in one statement. */
export const MAX_PARAMETERS: Readonly<Record<Dialect, number>> = {
  postgres: 65_535,
  mysql: 65_535,
  sqlite: 32_766,
  mssql: 2_099,
};

/** What {@linkcode detectDialect} reads: a `Kysely`, a transaction, or an executor. */
export interface DialectSource {
  /** The part of Kysely that knows the dialect. */
  getExecutor(): { readonly adapter: DialectAdapter };
}

/**
 * Returns the family of SQL that a database speaks, by what its Kysely dialect says it supports:
 * the dialects of third parties share those traits.
 *
 * @param db a `Kysely`, a transaction, an executor, or the adapter of a dialect
 * @returns the dialect
 * @throws {BadRequestError} if `db` is none of these
 *
 * @example
 * ```ts
 * import { detectDialect } from "@kysera/core";
 * import { DummyDriver, Kysely, MysqlAdapter, MysqlIntrospector, MysqlQueryCompiler } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<object>({
 *   dialect: {
 *     createAdapter: () => new MysqlAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new MysqlIntrospector(db),
 *     createQueryCompiler: () => new MysqlQueryCompiler(),
 *   },
 * });
 * assert.equal(detectDialect(db), "mysql");
 * assert.equal(detectDialect(new MysqlAdapter()), "mysql");
 * ```
 */
export function detectDialect(db: DialectSource | DialectAdapter): Dialect {
  const adapter = adapterOf(db);
  if (adapter.supportsOutput === true) return "mssql";
  if (adapter.supportsReturning !== true) return "mysql";
  return adapter.supportsTransactionalDdl === true ? "postgres" : "sqlite";
}

function adapterOf(db: DialectSource | DialectAdapter): DialectAdapter {
  if (typeof db === "object" && db !== null) {
    if ("getExecutor" in db && typeof db.getExecutor === "function") {
      return db.getExecutor().adapter;
    }
    // Every adapter says so, true or false.
    if ("supportsTransactionalDdl" in db) return db;
  }
  throw new BadRequestError(
    "Cannot detect dialect: the value given is " +
      (isPromise(db) ? "a promise; await it first" : "no Kysely database"),
  );
}
