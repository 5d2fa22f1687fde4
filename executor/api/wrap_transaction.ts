import type { Kysely } from "kysely";
import type { ExecutorState } from "../instance/_state.ts";
import { isKysely } from "@kysera/core";
import { instanceOf, leave, mustBeInstance } from "../instance/_graft.ts";
import type { RequestScope } from "../rewrite/rules.ts";
import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import { install, prepare, setUpSync } from "./create_executor.ts";
import type { PluginCarrier } from "../instance/instance_types.ts";
import type { KyseraTransaction } from "../instance/executor_type.ts";
import { ExecutorError } from "../contract/errors.ts";
import type { Plugin } from "../contract/plugin.ts";

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
  if (transaction?.isTransaction !== true) {
    throw new ExecutorError(
      "Cannot wrap a transaction: the first argument is none; pass what transaction().execute() " +
        "gives to its callback",
      "NOT_A_TRANSACTION",
    );
  }
  const trx: Kysely<any> = kyselyOf(transaction);
  const own = instanceOf(trx)?.state;
  const rawDb = own === undefined ? trx : leave(trx);
  const put = (state: ExecutorState, request: RequestScope): KyseraTransaction<DB, P> =>
    // install() puts the marker on.
    install(trx, state, request, rawDb) as unknown as KyseraTransaction<DB, P>;
  if (isKysely(plugins)) {
    const { state, rules } = mustBeInstance(plugins, "wrap a transaction");
    const both = own === undefined || own === state ? state : own.with(state);
    return put(both, rules.request);
  }
  const plan = prepare(trx, plugins, {}, false);
  return put(plan.state(setUpSync(plan)), plan.request);
}
