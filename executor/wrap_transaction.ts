import type { Transaction } from "kysely";
import { guardOf } from "./_graft.ts";
import { install, prepare, setUpSync } from "./create_executor.ts";
import type { KyseraTransaction } from "./executor_type.ts";
import { ExecutorError } from "./errors.ts";
import type { Plugin } from "./plugin.ts";

/**
 * Puts plugins into a transaction that was begun on a plain Kysely. (A transaction of an executor
 * has them already.)
 *
 * @param transaction the transaction
 * @param plugins an executor, whose plugins are then ready as they are; or plugins that need not ask
 * the database
 * @returns the same transaction with the plugins in it
 * @throws {PluginValidationError} where the plugins cannot work together, or one has to wait
 * @throws {ExecutorError} where the first argument is no transaction
 */
export function wrapTransaction<DB, const P extends readonly Plugin[]>(
  transaction: Transaction<DB>,
  plugins: P | KyseraTransaction<any>["__rawDb"],
): KyseraTransaction<DB, P> {
  if (transaction?.isTransaction !== true) {
    throw new ExecutorError(
      "Cannot wrap a transaction: the first argument is none; pass what transaction().execute() " +
        "gives to its callback",
      "NOT_A_TRANSACTION",
    );
  }
  const guard = guardOf(plugins);
  if (guard !== undefined) {
    const own = guardOf(transaction)?.core;
    const core = own === undefined || own === guard.core ? guard.core : own.with(guard.core);
    // install() puts the marker on.
    return install(transaction, core, guard.view) as KyseraTransaction<DB, P>;
  }
  const plan = prepare(transaction, plugins as P, {}, false);
  return install(transaction, plan.core(setUpSync(plan)), plan.view) as KyseraTransaction<DB, P>;
}
