import { BadRequestError, BatchRowsError, type BatchStatement } from "@kysera/core";
import type { CompiledQuery } from "kysely";

/**
 * The counts of the statement before it. What drivers tell of a batch are those of triggers and
 * cascades as well, or nothing of a statement with RETURNING.
 */
export const COUNTS = "select changes() as changes, last_insert_rowid() as id";

/** Fails unless the statement before it has changed so many rows; a failure ends the whole batch. */
const GUARD = "select json_extract('1', case when changes() = ? then '$' else ? end) as guard";

/** What the error of a guard tells, which is a text of ours alone. */
const MARKER = "KYSERA_BATCH_ROWS_";

/**
 * A statement that fails unless the one before it has changed so many rows, or, where that reads, has
 * returned so many.
 */
export interface BatchGuard {
  readonly sql: string;
  readonly args: readonly (number | string)[];
  /** The query whose rows it counts, and whose values it has; `undefined` where it counts changes. */
  readonly reads: CompiledQuery | undefined;
}

/** Returns the guard of a statement; `undefined` where it has none. */
export function guardOf({ query, rows }: BatchStatement, index: number): BatchGuard | undefined {
  if (rows === undefined) return undefined;
  // SQLite writes in no WITH of a SELECT.
  return query.query.kind === "SelectQueryNode"
    ? { sql: readGuard(query.sql, rows, index), args: [], reads: query }
    : { sql: GUARD, args: [rows, `${MARKER}${index}_`], reads: undefined };
}

/** Fails unless a query returns so many rows. It has no values of its own: there may be no room. */
function readGuard(sql: string, rows: number, index: number): string {
  if (!Number.isSafeInteger(rows)) throw new BadRequestError("Cannot expect a fraction of a row");
  return `select json_extract('1', case when (select count(*) from (${sql}) as kysera_rows) = ${rows} ` +
    `then '$' else '${MARKER}${index}_' end) as guard`;
}

/**
 * Reads the results of a batch.
 *
 * @throws {RangeError} if one cannot be read, which says that the batch is done all the same
 */
export function readResults<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new RangeError(
      `Cannot read a result of the batch, which was run and is kept: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Returns the error of the guard that has failed, or the error where none has. */
export function errorOfBatch(error: unknown, statements: readonly BatchStatement[]): unknown {
  const message = error instanceof Error ? error.message : "";
  const index = statements.findIndex(({ rows }, i) =>
    rows !== undefined && message.includes(`'${MARKER}${i}_'`)
  );
  return index < 0 ? error : new BatchRowsError(index, error);
}
