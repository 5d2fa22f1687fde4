import { withTransaction } from "@kysera/dal";
import { Table } from "./_table.ts";
import { telling } from "./_told.ts";

/**
 * How often statements that lock what they find, and what they do not find, are tried: they meet
 * others that do the same. What they are is known, so they may run several times.
 */
export const TRIES = 8;

/** Runs statements that belong together in a transaction: the open one, or a new one. */
export async function inTransaction<T>(
  table: Table,
  run: (table: Table) => Promise<T>,
  tries?: number,
): Promise<T> {
  return await (table.db.isTransaction ? run(table) : inSavepoint(table, run, tries));
}

/**
 * Runs statements, all or none: in a new transaction, or in a savepoint of the open one.
 *
 * @param tries how often, where a new transaction meets another one
 */
export async function inSavepoint<T>(
  table: Table,
  run: (table: Table) => Promise<T>,
  tries?: number,
): Promise<T> {
  const { definition, signal } = table;
  // Some constraints are checked at the end of the transaction.
  return await telling(table, () =>
    withTransaction(
      table.db,
      ({ db }) => run(new Table(definition, db, signal)),
      // The transaction that is open already may hold more than these statements.
      { signal, retry: table.db.isTransaction ? undefined : tries },
    ));
}
