import type { Kysely } from "kysely";
import { mustBeInstance } from "../instance/_graft.ts";

/**
 * Ends an executor: from now on its instances refuse every query, and the `onDestroy` of each of
 * its plugins is called, the last one first, all of them. The database stays open: the method
 * `destroy()` of an executor closes it as well. Plugins of an executor that it was made from are
 * that one's to destroy. A second call does nothing.
 *
 * @param executor the executor, or any instance of it
 * @throws {AggregateError} with what `onDestroy` threw, after all were called
 * @throws {ExecutorError} where the value is not an executor
 *
 * @example
 * ```ts
 * import { createExecutor, destroyExecutor } from "@kysera/executor";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const executor = await createExecutor(db, []);
 * await destroyExecutor(executor);
 * ```
 */
export async function destroyExecutor(executor: Kysely<any>): Promise<void> {
  await mustBeInstance(executor, "destroy the executor").state.end(false);
}
