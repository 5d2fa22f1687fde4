import type { DialectAdapter } from "kysely";
import { BadRequestError } from "./errors/bad_request_error.ts";
import type { Dialect } from "./types.ts";

/** What {@linkcode detectDialect} looks at: a `Kysely`, a transaction, an executor. */
export interface DialectSource {
  /** The part of Kysely that knows the dialect. */
  getExecutor(): { readonly adapter: DialectAdapter };
}

/**
 * Which family of SQL a database speaks, from what its Kysely dialect says it can do.
 *
 * @param db A `Kysely`, a transaction, or an executor made from one.
 * @returns The dialect.
 * @throws {BadRequestError} If `db` is none of these.
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
 * ```
 */
export function detectDialect(db: DialectSource): Dialect {
  if (typeof db?.getExecutor !== "function") {
    throw new BadRequestError("Cannot detect dialect: the value given is no Kysely database");
  }
  const { adapter } = db.getExecutor();
  if (adapter.supportsOutput) return "mssql";
  if (!adapter.supportsReturning) return "mysql";
  return adapter.supportsTransactionalDdl ? "postgres" : "sqlite";
}
