import type { DialectAdapter } from "kysely";
import { detectDialect, type DialectSource, MAX_PARAMETERS } from "./dialect.ts";

/** An adapter of a dialect whose database takes fewer parameters than others of its family. */
export interface ParameterLimit {
  /** How many parameters the database takes in one statement. */
  readonly maxParameters: number;
}

/**
 * Returns how many parameters a database takes in one statement: what the adapter of its dialect
 * says ({@linkcode ParameterLimit}), or else what is usual in the family of SQL.
 *
 * @param db a `Kysely`, a transaction, or an executor
 * @returns the number of parameters
 * @throws {BadRequestError} if `db` is none of these
 *
 * @example
 * ```ts
 * import { maxParametersOf } from "@kysera/core";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<object>({
 *   dialect: {
 *     createAdapter: () => Object.assign(new SqliteAdapter(), { maxParameters: 100 }),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * assert.equal(maxParametersOf(db), 100);
 * ```
 */
export function maxParametersOf(db: DialectSource): number {
  const usual = MAX_PARAMETERS[detectDialect(db)];
  const { maxParameters } = db.getExecutor().adapter as DialectAdapter & Partial<ParameterLimit>;
  return Number.isInteger(maxParameters) ? maxParameters! : usual;
}
