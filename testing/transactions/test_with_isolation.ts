import type { ExecutorOf, Plugin, PluginCarrier, TransactionWith } from "@kysera/executor";
import type { IsolationLevel } from "kysely";
import { runTest, type TestScope } from "./test_in_transaction.ts";

/**
 * Runs {@linkcode testInTransaction} at an isolation level. SQLite has but one: it refuses the
 * others.
 *
 * @param db the database, or an executor
 * @param isolationLevel the level
 * @param fn the test
 * @returns what the test returned
 * @throws what the test throws
 *
 * @example
 * ```ts ignore
 * await testWithIsolation(db, "serializable", async (trx) => {
 *   await transfer(trx, { from: 1, to: 2, amount: 10 });
 * });
 * ```
 */
export async function testWithIsolation<DB, T, P extends readonly Plugin[] = never>(
  db: ExecutorOf<DB> & PluginCarrier<P>,
  isolationLevel: IsolationLevel,
  fn: (trx: TransactionWith<DB, P>, test: TestScope<DB, P>) => Promise<T>,
): Promise<T> {
  return await runTest(db, isolationLevel, fn);
}
