import type { SelectQueryNode } from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { parseDatabaseError } from "../errors/parse_database_error.ts";
import { SqlSyntaxError } from "../errors/sql_syntax_error.ts";
import type { Dialect } from "../dialect.ts";
import { type AnyQuery, type Inspected, replace } from "./_query.ts";

/** A query, and what it becomes. */
export interface Replaceable {
  /** The query, to be run by what runs it. */
  readonly query: AnyQuery;
  /** What the query becomes. */
  readonly inspected: Inspected;
  /** The database's family of SQL. */
  readonly dialect: Dialect;
  /** Whether part of the order was not asked for. */
  readonly implied: boolean;
}

/** Runs another query in place of one that is laid out. */
export async function runInstead(
  { query, inspected, dialect, implied }: Replaceable,
  node: SelectQueryNode,
): Promise<Record<string, unknown>[]> {
  try {
    return await replace(query, inspected, node).execute();
  } catch (cause) {
    if (!implied || !isUnknownColumn(cause, dialect)) throw cause;
    throw new BadRequestError(
      'Cannot paginate by cursor: the database refused the query, which is ordered by "id" as well ' +
        'to make the order unique; if there is no such column, name another in "uniqueBy"',
      { cause },
    );
  }
}

/** SQLSTATEs of a column that does not exist, or that several tables have. */
const UNKNOWN_COLUMN: ReadonlySet<unknown> = new Set(["42703", "42702", "42S22", "23000"]);

function isUnknownColumn(error: unknown, dialect: Dialect): boolean {
  const known = parseDatabaseError(error, dialect);
  // SQLite has one code for all
  return known instanceof SqlSyntaxError &&
    (known.sqlState === undefined || UNKNOWN_COLUMN.has(known.sqlState));
}
