import type { Transaction } from "kysely";
import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import { inMode, instanceOf } from "../instance/_graft.ts";

/**
 * Runs a function in a transaction that may read and then write. On SQLite it begins as a writer
 * (`begin immediate`): one that begins as a reader is refused at once when it wants to write while
 * another process writes. The transactions of an executor with a plugin that reads before it writes
 * (`around: "writes"`) begin so by themselves, unless they are read only.
 *
 * @param executor an executor, or any instance of it that is not a transaction
 * @param fn what to do; it is given the transaction
 * @returns what `fn` returns
 * @throws whatever `fn` throws, after the rollback
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, inWriteTransaction } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table stock (id integer primary key, left int); insert into stock values (1, 3)");
 * const db = new Kysely<{ stock: { id: number; left: number } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const executor = await createExecutor(db, []);
 * const left = await inWriteTransaction(executor, async (trx) => {
 *   const { left } = await trx.selectFrom("stock").select("left").executeTakeFirstOrThrow();
 *   await trx.updateTable("stock").set({ left: left - 1 }).execute();
 *   return left - 1;
 * });
 * equal(left, 2);
 * await db.destroy();
 * ```
 */
export async function inWriteTransaction<DB, T>(
  executor: AnyKysely<DB>,
  fn: (transaction: Transaction<DB>) => Promise<T>,
): Promise<T> {
  const db = kyselyOf(executor);
  const writer = instanceOf(db) === undefined ? db : inMode(db, { mode: "run", asWriter: true });
  return await writer.transaction().execute(fn);
}
