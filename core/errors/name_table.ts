import { CheckConstraintError } from "./check_constraint_error.ts";
import { ConnectionError } from "./connection_error.ts";
import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import { ForeignKeyConstraintError } from "./foreign_key_constraint_error.ts";
import { NotNullError } from "./not_null_error.ts";
import { UniqueConstraintError } from "./unique_constraint_error.ts";

/** What the program knows of a failed statement. */
export interface FailedStatement {
  /** The table that it was about. */
  readonly table: string;
  /** The columns that the failure is about, where the program can tell. */
  readonly columns?: readonly string[] | undefined;
}

const CODES: ReadonlySet<string> = new Set([
  "VALIDATION_INVALID_INPUT",
  "RESOURCE_CONFLICT",
  "DB_SYNTAX_ERROR",
  "DB_QUERY_FAILED",
]);

/**
 * Returns an error with the table and the columns that the database did not tell, where the program
 * knows them. What the database told stays.
 *
 * @param error what {@linkcode parseDatabaseError} returned
 * @param known what the program knows of the statement
 * @returns an error of the same class; the error itself where there is nothing to add
 *
 * @example
 * ```ts
 * import { nameTable, NotNullError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * // MySQL tells the column alone.
 * const error = nameTable(new NotNullError("email"), { table: "users" });
 * assert.ok(error instanceof NotNullError);
 * assert.equal(error.message, 'Cannot store row: column "email" of table "users" must not be null');
 * ```
 */
export function nameTable(error: DatabaseError, known: FailedStatement): DatabaseError {
  const table = error.table ?? known.table;
  const columns = error.columns.length > 0 ? error.columns : known.columns ?? [];
  if (table === error.table && columns.length === error.columns.length) return error;
  const { constraint, detail, sqlState, retryable, cause } = error;
  const options: DatabaseErrorOptions = {
    constraint,
    detail,
    sqlState,
    retryable,
    cause,
    table,
    columns,
  };
  if (error instanceof UniqueConstraintError) {
    return new UniqueConstraintError(constraint, table, columns, options);
  }
  if (error instanceof ForeignKeyConstraintError) {
    return new ForeignKeyConstraintError(constraint, table, error.referencedTable, options);
  }
  if (error instanceof NotNullError) return new NotNullError(columns[0], table, options);
  if (error instanceof CheckConstraintError) {
    return new CheckConstraintError(constraint, table, options);
  }
  if (error instanceof ConnectionError || !CODES.has(error.code)) return error;
  const named = new DatabaseError(
    `${error.message} (table "${table}"${
      columns.map((column) => `, column "${column}"`).join("")
    })`,
    error.code,
    undefined,
    options,
  );
  // The same class: the constructors of these take what is known alone.
  return Object.setPrototypeOf(named, Object.getPrototypeOf(error)) as DatabaseError;
}
