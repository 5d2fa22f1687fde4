import type { Kysely } from "kysely";

/** Calls a function in a transaction in which the server lets nothing be written. */
export async function inReadOnlyTransaction<T>(
  own: Kysely<any>,
  body: (own: Kysely<any>) => Promise<T>,
): Promise<T> {
  const trx = await own.startTransaction().setAccessMode("read only").execute();
  try {
    return await body(trx);
  } finally {
    await trx.rollback().execute().catch(() => {});
  }
}
