import type { ExecutorOf, Plugin, PluginCarrier, TransactionWith } from "@kysera/executor";
import { type OpenTest, openTest } from "./_test_transaction.ts";
import { type TestDatabase, testInTransaction, type TestScope } from "./test_in_transaction.ts";

/** What test runners have: `node:test`, Vitest, Jest, `bun:test`, `@std/testing/bdd`. */
export interface TestHooks {
  /** Runs a function before each test. */
  beforeEach(fn: () => Promise<void>): unknown;
  /** Runs a function after each test. */
  afterEach(fn: () => Promise<void>): unknown;
}

/** The transaction of the test that runs now. */
export interface EachTest<DB, P extends readonly Plugin[] = never> extends TestScope<DB, P> {
  /** The transaction. */
  readonly trx: TransactionWith<DB, P>;
}

/**
 * Puts each test of a file, or of a `describe`, in a transaction of its own, which is rolled back.
 *
 * @param hooks the hooks of the test runner
 * @param db gives the database; asked before each test
 * @returns what the tests use; to be read within a test
 *
 * @example
 * ```ts ignore
 * import { countRows, inEachTest } from "@kysera/testing";
 * import assert from "node:assert/strict";
 * import { afterEach, beforeEach, describe, it } from "node:test"; // or "vitest", or "bun:test"
 *
 * describe("users", () => {
 *   const test = inEachTest({ beforeEach, afterEach }, () => db);
 *   for (const name of ["Alice", "Bob"]) {
 *     it(`begins with ${name} alone`, async () => {
 *       await test.trx.insertInto("users").values({ name }).execute();
 *       assert.equal(await countRows(test.trx, "users"), 1);
 *     });
 *   }
 * });
 * ```
 */
export function inEachTest<DB, P extends readonly Plugin[] = never>(
  hooks: TestHooks,
  db: () => (ExecutorOf<DB> & PluginCarrier<P>) | Promise<ExecutorOf<DB> & PluginCarrier<P>>,
): EachTest<DB, P> {
  let open: OpenTest | undefined;
  hooks.beforeEach(async () => {
    open = await openTest(await db(), undefined);
  });
  hooks.afterEach(async () => {
    const ended = open;
    open = undefined;
    if (ended === undefined) return;
    let failure: { readonly error: unknown } | undefined;
    try {
      await ended.check();
    } catch (error) {
      failure = { error };
    }
    await ended.rollback(failure);
    if (failure !== undefined) throw failure.error;
  });
  const now = (): OpenTest => {
    if (open !== undefined) return open;
    throw new Error("Cannot use a test's transaction outside of a test; read it within one");
  };
  return {
    // They are of the executor that the database is, with its plugins.
    get trx() {
      return now().trx as TransactionWith<DB, P>;
    },
    get db() {
      return now().db as TestDatabase<DB, P>;
    },
    get pendingCallbacks() {
      return now().callbacks.count;
    },
    runCallbacks: () => now().callbacks.run(),
  };
}

/**
 * Returns a test function that runs in a transaction which is rolled back: for `Deno.test`, and for
 * any runner that takes a function.
 *
 * @param db gives the database
 * @param fn the test
 * @returns the function
 *
 * @example
 * ```ts ignore
 * Deno.test("creates a user", inTransaction(() => db, async (trx) => {
 *   await createUser(trx, { name: "Alice" });
 *   await assertRowExists(trx, "users", { name: "Alice" });
 * }));
 * ```
 */
export function inTransaction<DB, P extends readonly Plugin[] = never>(
  db: () => (ExecutorOf<DB> & PluginCarrier<P>) | Promise<ExecutorOf<DB> & PluginCarrier<P>>,
  fn: (trx: TransactionWith<DB, P>, test: TestScope<DB, P>) => Promise<void>,
): () => Promise<void> {
  return async () => {
    await testInTransaction(await db(), fn);
  };
}
