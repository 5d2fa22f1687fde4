import type { DatabaseDialect } from "../database_dialect.ts";

/**
 * Writes a date as the text that a database reads, to the millisecond and in UTC.
 *
 * PostgreSQL and SQLite: `2024-02-29T23:59:59.123Z`. MySQL and SQL Server, whose types have no time
 * zone: `2024-02-29 23:59:59.123`.
 *
 * @param date The date.
 * @param dialect The family of SQL.
 * @returns The text.
 * @throws {RangeError} If the date is not valid.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatDate } from "@kysera/dialects";
 *
 * const date = new Date(Date.UTC(2024, 1, 29));
 * assert.equal(formatDate(date, "postgres"), "2024-02-29T00:00:00.000Z");
 * assert.equal(formatDate(date, "mysql"), "2024-02-29 00:00:00.000");
 * ```
 */
export function formatDate(date: Date, dialect: DatabaseDialect): string {
  if (Number.isNaN(date.getTime())) throw new RangeError("Cannot format date: it is not valid");
  const text = date.toISOString();
  return dialect === "postgres" || dialect === "sqlite"
    ? text
    : text.replace("T", " ").replace("Z", "");
}
