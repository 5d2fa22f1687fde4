import type { ExecutorOf } from "@kysera/executor";
import { describe } from "./_where.ts";
import { countRows } from "./count_rows.ts";

/**
 * Asserts that a table has no row with these values.
 *
 * @param db the database, a transaction, or an executor
 * @param table the table
 * @param where columns and values
 * @throws {Error} where there is one
 *
 * @example
 * ```ts ignore
 * await assertRowNotExists(trx, "users", { email: "alice@example.com" });
 * ```
 */
export async function assertRowNotExists<DB>(
  db: ExecutorOf<DB>,
  table: keyof DB & string,
  where: Readonly<Record<string, unknown>>,
): Promise<void> {
  const count = await countRows(db, table, where);
  if (count === 0) return;
  throw new Error(`Expected no row of "${table}" with ${describe(where)}; there are ${count}`);
}
