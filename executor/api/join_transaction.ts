import type { Kysely } from "kysely";
import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import type { Plugin } from "../contract/plugin.ts";
import { instanceOf, mustBeInstance } from "../instance/_graft.ts";
import type { KyseraTransaction } from "../instance/executor_type.ts";
import type { PluginCarrier } from "../instance/instance_types.ts";
import { mustBeTransaction, put } from "./_install.ts";

/**
 * Puts the plugins of an executor into a transaction that was begun without them: what
 * `wrapTransaction()` does with an executor, for programs that need no more of it.
 *
 * @param transaction the transaction
 * @param executor the executor, whose plugins are ready as they are
 * @returns the same transaction with the plugins and the context of the executor in it
 * @throws {ExecutorError} where the first argument is not a transaction, or the second not an executor
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, joinTransaction } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [{
 *   name: "visible",
 *   version: "1.0.0",
 *   filter: (users, { eb }) => eb(users.column("hidden"), "=", 0),
 * }]);
 * await db.transaction().execute(async (trx) => {
 *   equal(
 *     joinTransaction(trx, executor).selectFrom("users").selectAll().compile().sql,
 *     `select * from "users" where "users"."hidden" = ?`,
 *   );
 * });
 * await executor.destroy();
 * ```
 */
export function joinTransaction<DB, const P extends readonly Plugin[]>(
  transaction: AnyKysely<DB> & { readonly isTransaction: true },
  executor: Kysely<any> & PluginCarrier<P>,
): KyseraTransaction<DB, P> {
  mustBeTransaction(transaction);
  const own = instanceOf(kyselyOf(transaction))?.state;
  const { state, rules } = mustBeInstance(executor, "wrap a transaction");
  const both = own === undefined || own === state ? state : own.with(state);
  return put(transaction, both, rules.request);
}
