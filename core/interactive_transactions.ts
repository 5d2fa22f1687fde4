import type { DialectAdapter } from "kysely";
import type { DialectSource } from "./dialect.ts";

/** An adapter of a dialect whose database may have no interactive transactions. */
export interface TransactionLimit {
  /** Whether statements can be run in a transaction one after the other, each knowing the last. */
  readonly hasInteractiveTransactions: boolean;
}

/**
 * Returns true if a database has interactive transactions: what the adapter of its dialect says
 * ({@linkcode TransactionLimit}), or else `true`. One that has none runs several statements as a
 * batch, which is sent at once.
 *
 * @param db a `Kysely`, a transaction, or an executor
 * @returns whether `db.transaction()` works
 *
 * @example
 * ```ts
 * import { hasInteractiveTransactions } from "@kysera/core";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<object>({
 *   dialect: {
 *     createAdapter: () => Object.assign(new SqliteAdapter(), { hasInteractiveTransactions: false }),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * assert.equal(hasInteractiveTransactions(db), false);
 * ```
 */
export function hasInteractiveTransactions(db: DialectSource): boolean {
  const { hasInteractiveTransactions } = db.getExecutor().adapter as
    & DialectAdapter
    & Partial<TransactionLimit>;
  return hasInteractiveTransactions !== false;
}
