import type { ExecutorOf } from "@kysera/executor";

/**
 * Returns the rows of a table, in an order that does not depend on how they are stored: to compare
 * the state before with the state after.
 *
 * @param db the database, a transaction, or an executor
 * @param table the table
 * @returns its rows, each with its columns in alphabetical order
 *
 * @example
 * ```ts ignore
 * const before = await snapshotTable(db, "users");
 * await doNothing(db);
 * assert.deepEqual(await snapshotTable(db, "users"), before);
 * ```
 */
export async function snapshotTable<DB>(
  db: ExecutorOf<DB>,
  table: keyof DB & string,
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = await db.selectFrom(table)
    .selectAll()
    .execute();
  return rows
    .map((row) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => compare(a, b))))
    .map((row) => ({ row, text: textOf(row) }))
    .sort((a, b) => compare(a.text, b.text))
    .map(({ row }) => row);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function textOf(row: Record<string, unknown>): string {
  return JSON.stringify(row, (_, value) => typeof value === "bigint" ? `${value}n` : value);
}
