import { withQueryExecutor } from "@kysera/core";
import type { Kysely } from "kysely";
import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import { ExecutorError } from "../contract/errors.ts";
import type { Plugin } from "../contract/plugin.ts";
import { instanceOf, leave, mark } from "../instance/_graft.ts";
import { GuardedExecutor } from "../instance/_guarded_executor.ts";
import type { ExecutorState } from "../instance/_state.ts";
import type { KyseraTransaction } from "../instance/executor_type.ts";
import type { RequestScope } from "../rewrite/rules.ts";

/** Returns a Kysely of the same kind as `db`, with the executor's plugins in it. */
export function install<K extends Kysely<any>>(
  db: K,
  state: ExecutorState,
  request: RequestScope,
  rawDb: Kysely<any> = state.rawDb,
): K {
  const inner = (instanceOf(db) === undefined ? db : leave(db)).getExecutor();
  const place = { bound: false, begun: db.isTransaction ? { ends: undefined } : undefined };
  const executor = withQueryExecutor(db, GuardedExecutor.over(inner, state, request, place));
  if (instanceOf(executor)?.state !== state) {
    throw new ExecutorError(
      "Cannot create an executor: this Kysely does not let its query executor be replaced; " +
        "supported are kysely 0.28.17 to 0.29, and 0.30.0-beta.2",
      "UNSUPPORTED_KYSELY",
    );
  }
  return mark(executor, state.set.plugins, rawDb);
}

/** @throws {ExecutorError} where a value is not a transaction */
export function mustBeTransaction(transaction: { readonly isTransaction: boolean }): void {
  if (transaction?.isTransaction === true) return;
  throw new ExecutorError(
    "Cannot wrap a transaction: the first argument is none; pass what transaction().execute() " +
      "gives to its callback",
    "NOT_A_TRANSACTION",
  );
}

/** Returns a transaction with the plugins of a state, in the place of those that it has. */
export function put<DB, P extends readonly Plugin[]>(
  transaction: AnyKysely<DB>,
  state: ExecutorState,
  request: RequestScope,
): KyseraTransaction<DB, P> {
  const trx: Kysely<any> = kyselyOf(transaction);
  const rawDb = instanceOf(trx) === undefined ? trx : leave(trx);
  // install() puts the marker on.
  return install(trx, state, request, rawDb) as unknown as KyseraTransaction<DB, P>;
}
