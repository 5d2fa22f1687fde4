import type { Kysely } from "kysely";

/** Calls a function in a transaction: the one that is open, or one of its own. */
export async function inTransaction(
  db: Kysely<any>,
  body: (trx: Kysely<any>) => Promise<void>,
): Promise<void> {
  if (db.isTransaction) await body(db);
  else await db.transaction().execute(body);
}
