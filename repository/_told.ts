import {
  DatabaseError,
  findDatabaseErrorAsync,
  nameTable,
  SqlSyntaxError,
  UniqueConstraintError,
} from "@kysera/core";
import { ExecutorError } from "@kysera/executor";
import type { Table } from "./_table.ts";

/**
 * Returns what the caller of a repository is told where a query failed: an error of a database as a
 * class of the core, with the table and the columns; any other error as it is.
 *
 * @param table the table of the query
 * @param error what was thrown
 */
export async function told(table: Table, error: unknown): Promise<unknown> {
  if (error instanceof DatabaseError || error instanceof ExecutorError) return error;
  if (!(error instanceof Error) || error.name === "AbortError") return error;
  if (table.signal?.aborted === true && error === table.signal.reason) return error;
  const parsed = await findDatabaseErrorAsync(error, table.dialect);
  if (parsed === undefined || parsed.code === "DB_UNKNOWN" || parsed === error) return error;
  const { columns: known } = table;
  if (parsed instanceof SqlSyntaxError) known.forget();
  // A plugin may write to another table on the way.
  if (parsed.table === undefined && parsed.columns.some((name) => known.lists(name) === false)) {
    return parsed;
  }
  const isUnique = parsed instanceof UniqueConstraintError && parsed.constraint !== undefined;
  return nameTable(parsed, {
    table: table.name,
    columns: isUnique ? known.ofUnique(parsed.constraint!) : undefined,
  });
}

/** Runs a query of a table. @throws what {@linkcode told} makes of what it throws */
export async function telling<T>(table: Table, run: () => Promise<T> | T): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw await told(table, error);
  }
}
