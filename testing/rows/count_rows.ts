import type { ExecutorOf } from "@kysera/executor";
import { selectWhere } from "./_where.ts";

/**
 * Counts the rows of a table; through an executor, those that its plugins show.
 *
 * @param db the database, a transaction, or an executor
 * @param table the table
 * @param where columns and the values that counted rows have; all rows without it
 * @returns the number of rows
 *
 * @example
 * ```ts ignore
 * assert.equal(await countRows(trx, "users", { active: 1 }), 2);
 * ```
 */
export async function countRows<DB>(
  db: ExecutorOf<DB>,
  table: keyof DB & string,
  where: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const row = await selectWhere(db, table, where)
    .select((eb) => eb.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
