import { detectDialect } from "@kysera/core";
import { getRawDb, inWriteTransaction } from "@kysera/executor";
import { type Kysely, sql } from "kysely";

/** How many savepoints were set: MySQL keeps but the last one of a name. */
let count = 0;

/**
 * Runs what must happen as a whole or not at all: in a transaction, or in one that is open already so
 * that what it did is undone where it fails.
 */
export async function atomically<T>(
  executor: Kysely<any>,
  run: (transaction: Kysely<any>) => Promise<T>,
): Promise<T> {
  if (!executor.isTransaction) return await inWriteTransaction(executor, run);
  const raw = getRawDb<any>(executor);
  const isMssql = detectDialect(executor) === "mssql";
  const name = sql.id(`kysera_soft_delete_${++count}`);
  await (isMssql ? sql`save transaction ${name}` : sql`savepoint ${name}`).execute(raw);
  let done: T;
  try {
    done = await run(executor);
  } catch (error) {
    await (isMssql ? sql`rollback transaction ${name}` : sql`rollback to savepoint ${name}`)
      .execute(raw);
    throw error;
  }
  // SQL Server has no such statement: its savepoints end with the transaction.
  if (!isMssql) await sql`release savepoint ${name}`.execute(raw);
  return done;
}
