import type { ExecutorOf } from "@kysera/executor";
import { countRows } from "./count_rows.ts";
import { describe, selectWhere } from "./_where.ts";

/**
 * Asserts that a table has a row with these values.
 *
 * @param db the database, a transaction, or an executor
 * @param table the table
 * @param where columns and values
 * @returns the first such row
 * @throws {Error} where there is none
 *
 * @example
 * ```ts ignore
 * const user = await assertRowExists(trx, "users", { email: "alice@example.com" });
 * ```
 */
export async function assertRowExists<DB, T extends keyof DB & string>(
  db: ExecutorOf<DB>,
  table: T,
  where: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const row = await selectWhere(db, table, where).selectAll(table).limit(1).executeTakeFirst();
  if (row !== undefined) return row as Record<string, unknown>;
  const count = await countRows(db, table);
  throw new Error(
    `Expected a row of "${table}" with ${describe(where)}; none of its ${count} rows has them`,
  );
}
