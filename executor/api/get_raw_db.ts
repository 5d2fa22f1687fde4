import type { Kysely, Transaction } from "kysely";
import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import { instanceOf, leave } from "../instance/_graft.ts";
import { isBranded } from "../instance/executor_type.ts";

/**
 * Returns the database that the executor was made of: the escape hatch past the plugins. For a
 * transaction it is the same transaction without the plugins.
 *
 * @param executor the executor, or any instance of it; a plain Kysely is given back as it is
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getRawDb } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * await executor.transaction().execute(async (trx) => {
 *   // What is done with it is rolled back with the transaction.
 *   equal(getRawDb(trx).isTransaction, true);
 * });
 * ```
 */
export function getRawDb<DB>(
  executor: AnyKysely<DB> & { readonly isTransaction: true },
): Transaction<DB>;
/**
 * Returns the database that the executor was made of: the escape hatch past the plugins.
 *
 * @param executor the executor, or any instance of it; a plain Kysely is given back as it is
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getRawDb } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * equal(getRawDb(executor), db);
 * ```
 */
export function getRawDb<DB>(executor: AnyKysely<DB>): Kysely<DB>;
export function getRawDb(given: AnyKysely<any>): Kysely<any> {
  const executor = kyselyOf(given);
  if (isBranded(executor)) return executor.__rawDb;
  return instanceOf(executor) === undefined ? executor : leave(executor);
}
