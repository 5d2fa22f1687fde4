import { sql } from "kysely";
import {
  type ExecutorOf,
  getRawDb,
  type Plugin,
  type PluginCarrier,
  type TransactionWith,
} from "@kysera/executor";
import { testInTransaction, type TestScope } from "./test_in_transaction.ts";

/** What a test with savepoints is given beside its transaction. */
export interface SavepointScope<DB, P extends readonly Plugin[] = never> extends TestScope<DB, P> {
  /**
   * Remembers the state of the database.
   *
   * @returns a function that brings it back, as often as it is called
   */
  save(): Promise<() => Promise<void>>;
}

/**
 * Runs {@linkcode testInTransaction} for a test in several parts that begin from the same state.
 *
 * @param db the database, or an executor
 * @param fn the test
 * @returns what the test returned
 * @throws what the test throws
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { countRows, testWithSavepoints } from "@kysera/testing";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (name text)");
 * const db = new Kysely<{ users: { name: string } }>({ dialect: nodeSqliteDialect({ database }) });
 *
 * await testWithSavepoints(db, async (trx, { save }) => {
 *   await trx.insertInto("users").values({ name: "Alice" }).execute();
 *   const restore = await save();
 *   for (const name of ["Bob", "Carol"]) {
 *     await trx.insertInto("users").values({ name }).execute();
 *     assert.equal(await countRows(trx, "users"), 2);
 *     await restore();
 *   }
 *   assert.equal(await countRows(trx, "users"), 1);
 * });
 * await db.destroy();
 * ```
 */
export async function testWithSavepoints<DB, T, P extends readonly Plugin[] = never>(
  db: ExecutorOf<DB> & PluginCarrier<P>,
  fn: (trx: TransactionWith<DB, P>, test: SavepointScope<DB, P>) => Promise<T>,
): Promise<T> {
  return await testInTransaction<DB, T, P>(db, async (trx, test) => {
    const raw = getRawDb(trx).withoutPlugins();
    let count = 0;
    const save = async (): Promise<() => Promise<void>> => {
      const name = sql.id(`kysera_saved_${++count}`);
      await sql`savepoint ${name}`.execute(raw);
      return async () => {
        await sql`rollback to savepoint ${name}`.execute(raw);
      };
    };
    return await fn(trx, Object.assign(test, { save }));
  });
}
