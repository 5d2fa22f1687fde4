import { withTransaction } from "@kysera/dal";
import { Table } from "./_table.ts";

/** Runs statements that belong together in a transaction: the open one, or a new one. */
export async function inTransaction<T>(
  table: Table,
  run: (table: Table) => Promise<T>,
): Promise<T> {
  return await (table.db.isTransaction ? run(table) : inSavepoint(table, run));
}

/** Runs statements, all or none: in a new transaction, or in a savepoint of the open one. */
export async function inSavepoint<T>(table: Table, run: (table: Table) => Promise<T>): Promise<T> {
  const { definition, signal } = table;
  return await withTransaction(
    table.db,
    ({ db }) => run(new Table(definition, db, signal)),
    { signal },
  );
}
