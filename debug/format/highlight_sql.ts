import { highlight } from "sql-highlight";

/**
 * Returns SQL in the colours of a terminal, by the library sql-highlight.
 *
 * @param sql the SQL
 * @returns the SQL, with ANSI escapes
 *
 * @example
 * ```ts
 * import { highlightSQL } from "@kysera/debug";
 * import assert from "node:assert/strict";
 * import { stripVTControlCharacters } from "node:util";
 *
 * const shown = highlightSQL("select 1");
 * assert.notEqual(shown, "select 1");
 * assert.equal(stripVTControlCharacters(shown), "select 1");
 * ```
 */
export function highlightSQL(sql: string): string {
  return highlight(sql);
}
