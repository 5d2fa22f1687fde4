import { isKysely } from "@kysera/core";
import type { Kysely } from "kysely";
import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import type { Plugin } from "../contract/plugin.ts";
import type { KyseraTransaction } from "../instance/executor_type.ts";
import type { PluginCarrier } from "../instance/instance_types.ts";
import { ALL_EXECUTOR_PARTS } from "../instance/_all_executor_parts.ts";
import { prepare, setUpSync } from "./create_executor.ts";
import { mustBeTransaction, put } from "./_install.ts";
import { joinTransaction } from "./join_transaction.ts";

/**
 * Puts plugins into a transaction that was begun on a plain Kysely. (A transaction of an executor
 * has them already.)
 *
 * @param transaction the transaction
 * @param plugins an executor, whose plugins are then ready as they are; or plugins that need not ask
 * the database
 * @returns the same transaction with the plugins in it
 * @throws {PluginValidationError} where the plugins cannot work together, or one has to wait
 * @throws {ExecutorError} where the first argument is not a transaction
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { type Plugin, wrapTransaction } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const visible: Plugin = {
 *   name: "visible",
 *   version: "1.0.0",
 *   filter: (users, { eb }) => eb(users.column("hidden"), "=", 0),
 * };
 * await db.transaction().execute(async (trx) => {
 *   equal(
 *     wrapTransaction(trx, [visible]).selectFrom("users").selectAll().compile().sql,
 *     `select * from "users" where "users"."hidden" = ?`,
 *   );
 * });
 * ```
 */
export function wrapTransaction<DB, const P extends readonly Plugin[]>(
  transaction: AnyKysely<DB> & { readonly isTransaction: true },
  plugins: P | (Kysely<any> & PluginCarrier<P>),
): KyseraTransaction<DB, P> {
  if (isKysely(plugins)) return joinTransaction<DB, P>(transaction, plugins);
  mustBeTransaction(transaction);
  const plan = prepare(kyselyOf(transaction), plugins, {}, false);
  return put(transaction, plan.state(setUpSync(plan), ALL_EXECUTOR_PARTS), plan.request);
}
