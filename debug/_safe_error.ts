import { DatabaseError, DatabaseErrorCodes, type Dialect, parseDatabaseError } from "@kysera/core";

/**
 * What is known of an error without what drivers put into it: their messages and details hold values.
 */
export function safeError(error: unknown, dialect: string): Error {
  const known = parseDatabaseError(error, dialect as Dialect);
  const { name, message, detail, constraint, table, columns, sqlState, retryable } = known;
  if (known.code === DatabaseErrorCodes.DB_UNKNOWN) {
    const safe = new Error("The query failed; its message may hold values, and is not kept");
    safe.name = error instanceof Error ? error.name : "Error";
    return safe;
  }
  const safe = new DatabaseError(message, known.code, detail, {
    constraint,
    table,
    columns,
    sqlState,
    retryable,
  });
  safe.name = name;
  return safe;
}
