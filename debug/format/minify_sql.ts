/** What is one piece in any database: strings, quoted names, comments, white space. */
const PIECES =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\$([a-z_]*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|\s+/gi;

/**
 * SQL on one line, without comments, but for hints and what MySQL runs (`/*+`, `/*!`).
 *
 * @param sql the SQL
 * @returns the SQL; strings and quoted names are left as they are
 *
 * @example
 * ```ts
 * import { minifySQL } from "@kysera/debug";
 * import assert from "node:assert/strict";
 *
 * assert.equal(minifySQL("select  '  ' -- two\n  from t "), "select '  ' from t");
 * ```
 */
export function minifySQL(sql: string): string {
  return sql.replace(PIECES, (piece) => {
    if (piece.startsWith("--") || /^\/\*[^+!]/.test(piece) || /^\s/.test(piece)) return " ";
    return piece;
  }).replace(PIECES, (piece) => /^\s/.test(piece) ? " " : piece).trim();
}
