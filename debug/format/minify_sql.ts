import { piecesOf } from "./_pieces.ts";

/**
 * Returns SQL on one line, without comments, except hints and what MySQL runs (`/*+`, `/*!`).
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
  let out = "";
  let isBehindSpace = true;
  for (const { kind, text } of piecesOf(sql)) {
    const isSpace = kind === "space" || (kind === "comment" && !isHint(text));
    if (!isSpace) out += text;
    else if (!isBehindSpace) out += " ";
    isBehindSpace = isSpace;
  }
  return isBehindSpace ? out.trimEnd() : out;
}

function isHint(comment: string): boolean {
  return comment.startsWith("/*+") || comment.startsWith("/*!");
}
