import type {
  ExecutorOf,
  KyseraExecutor,
  Plugin,
  PluginCarrier,
  TransactionWith,
} from "@kysera/executor";
import type { IsolationLevel, Kysely } from "kysely";
import { TestEscapedError } from "./test_escaped_error.ts";
import { type OpenTest, openTest } from "./_test_transaction.ts";

/** The type of a test's database: an executor, or a plain Kysely where `P` is `never`. */
export type TestDatabase<DB, P extends readonly Plugin[]> = [P] extends [never] ? Kysely<DB>
  : KyseraExecutor<DB, P>;

/** What a test is given beside its transaction. `P` are the plugins of an executor. */
export interface TestScope<DB, P extends readonly Plugin[] = never> {
  /**
   * The same transaction, as a database: for code that begins transactions of its own. They are
   * savepoints, and run one after the other; `isTransaction` is `false`.
   */
  readonly db: TestDatabase<DB, P>;
  /** How many callbacks wait for the commit of the test's transaction, which never comes. */
  readonly pendingCallbacks: number;
  /**
   * Runs the callbacks that wait (`afterCommit` of `withTransaction` of `@kysera/dal`, called with the
   * test's transaction), in their order, as if it had been committed; then none waits.
   *
   * @throws what a callback throws
   */
  runCallbacks(): Promise<void>;
}

/**
 * Runs a test in a transaction, and rolls it back, whether it passes or fails.
 *
 * The code under test may begin transactions: they are savepoints, commit and roll back as they would,
 * and are gone in the end. Constraints that wait for COMMIT are checked where these commit, and at the
 * end of a test that passed.
 *
 * @param db the database, or an executor, whose plugins hold in the test
 * @param fn the test; what it returns is returned
 * @returns what the test returned
 * @throws what the test throws, and what the database says of a deferred constraint
 * @throws {TypeError} where `db` is a transaction
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { testInTransaction } from "@kysera/testing";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 *
 * async function register(db: Kysely<{ users: { id: number; name: string } }>) {
 *   await db.transaction().execute((trx) =>
 *     trx.insertInto("users").values({ id: 1, name: "Alice" }).execute()
 *   );
 * }
 *
 * await testInTransaction(db, async (trx, test) => {
 *   await register(test.db);
 *   assert.equal((await trx.selectFrom("users").selectAll().execute()).length, 1);
 * });
 * assert.deepEqual(await db.selectFrom("users").selectAll().execute(), []);
 * await db.destroy();
 * ```
 */
export async function testInTransaction<DB, T, P extends readonly Plugin[] = never>(
  db: ExecutorOf<DB> & PluginCarrier<P>,
  fn: (trx: TransactionWith<DB, P>, test: TestScope<DB, P>) => Promise<T>,
): Promise<T> {
  return await runTest(db, undefined, fn);
}

/** Runs {@linkcode testInTransaction} at an isolation level. */
export async function runTest<DB, T, P extends readonly Plugin[] = never>(
  db: ExecutorOf<DB> & PluginCarrier<P>,
  isolationLevel: IsolationLevel | undefined,
  fn: (trx: TransactionWith<DB, P>, test: TestScope<DB, P>) => Promise<T>,
): Promise<T> {
  const test = await openTest(db, isolationLevel);
  const { rollback } = test;
  let result: T;
  try {
    // They are of the executor that the database is, with its plugins.
    result = await fn(test.trx as TransactionWith<DB, P>, scopeOf(test));
    await test.check();
  } catch (error) {
    // What the test throws is what is wrong, unless it has escaped.
    await rollback({ error }).catch((escaped) => {
      if (escaped instanceof TestEscapedError) throw escaped;
    });
    throw error;
  }
  await rollback();
  return result;
}

/** Returns what of an open test is a matter of the test. */
export function scopeOf({ db, callbacks }: OpenTest): TestScope<any, any> {
  return {
    // It has the marker, where it is an executor's.
    db: db as TestDatabase<any, any>,
    get pendingCallbacks() {
      return callbacks.count;
    },
    runCallbacks: () => callbacks.run(),
  };
}
