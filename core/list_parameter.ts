import type { DialectAdapter, Expression } from "kysely";
import type { DialectSource } from "./dialect.ts";

/** A list of values that goes into a statement as one parameter. */
export interface ListParameter {
  /** What the parameter is. */
  readonly text: string;
  /**
   * Returns the values, as the right side of `in`.
   *
   * @param text the parameter
   */
  list(text: Expression<string>): Expression<unknown>;
}

/** An adapter of a dialect whose database takes few parameters, and many values in one of them. */
export interface ListParameters {
  /**
   * Returns a list as one parameter, whose values are compared as those of a list of parameters are.
   *
   * @param values the values, as the driver is given them
   * @returns `undefined` for a list that has to be parameters
   */
  listParameter(values: readonly unknown[]): ListParameter | undefined;
}

/**
 * Returns a list of values as one parameter.
 *
 * @param db a `Kysely`, a transaction, or an executor
 * @param values the values, as the driver is given them
 * @returns `undefined` where the database takes enough parameters, or one of the values does not fit
 *
 * @example
 * ```ts
 * import { listParameterOf } from "@kysera/core";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<object>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * assert.equal(listParameterOf(db, [1, 2]), undefined);
 * ```
 */
export function listParameterOf(
  db: DialectSource,
  values: readonly unknown[],
): ListParameter | undefined {
  const { adapter } = db.getExecutor() as { adapter: DialectAdapter & Partial<ListParameters> };
  return adapter.listParameter?.(values);
}
