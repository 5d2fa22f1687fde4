import type { Kysely, KyselyPlugin, QueryExecutor } from "kysely";

/** A Kysely plugin that does nothing: adding it creates a copy of a Kysely instance. */
const NOTHING: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: ({ result }) => Promise.resolve(result),
};

/**
 * Creates a Kysely instance of the same class and connection that runs its queries by another query
 * executor.
 *
 * `withPlugin` of a Kysely instance wraps whatever the `withPlugin` of its query executor returns. A
 * first call creates a copy whose query executor belongs to nobody else; on that one the method is
 * replaced; a second call then puts the other query executor in. Neither the given instance nor a
 * prototype is changed.
 *
 * @param db a `Kysely`, a `Transaction` or a `ControlledTransaction`
 * @param executor what runs its queries
 * @returns an instance of the same class
 *
 * @example
 * ```ts
 * import { withQueryExecutor } from "@kysera/core";
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
 * const executor = db.getExecutor().withoutPlugins();
 * const same = withQueryExecutor(db, executor);
 * assert.ok(same instanceof Kysely && same !== db);
 * assert.equal(same.getExecutor(), executor);
 * ```
 */
export function withQueryExecutor<K extends Kysely<any>>(db: K, executor: QueryExecutor): K {
  const copy = db.withPlugin(NOTHING);
  Object.defineProperty(copy.getExecutor(), "withPlugin", { value: () => executor });
  // withPlugin of a Kysely, Transaction or ControlledTransaction returns one of the same class.
  return copy.withPlugin(NOTHING) as K;
}
