import type { Kysely } from "kysely";

/** Runs something whose changes are not to stay. */
export async function rolledBack<T>(
  db: Kysely<any>,
  run: (trx: Kysely<any>) => Promise<T>,
): Promise<T> {
  const trx = await db.startTransaction().execute();
  try {
    return await run(trx);
  } finally {
    await trx.rollback().execute();
  }
}
