import type { Dialect } from "@kysera/core";
import { piecesOf } from "./_pieces.ts";

/**
 * SQL with a question mark for each text and number that stands in it: values that were written into
 * the SQL, by `sql.lit`, or by hand, may be secrets as those of parameters are.
 */
export function withoutLiterals(sql: string, dialect: string | Dialect): string {
  const isMysql = dialect === "mysql";
  let out = "";
  for (const { kind, text } of piecesOf(sql, isMysql)) {
    // What is in double quotes is a text on MySQL, and a name elsewhere.
    const isValue = kind === "string" || kind === "number" || (isMysql && text.startsWith('"'));
    out += isValue ? "?" : text;
  }
  return out;
}

/** What a plan says of costs and times, which are not values. */
const MEASURES = /\((?:cost|actual|never)[^()]*\)/g;

/**
 * A line of a plan without the values of the query: texts anywhere, and numbers within brackets, where
 * conditions stand.
 */
export function planWithoutLiterals(line: string, dialect: string): string {
  let out = "";
  let from = 0;
  for (const { 0: measure, index } of line.matchAll(MEASURES)) {
    out += conditionsWithoutLiterals(line.slice(from, index), dialect) + measure;
    from = index + measure.length;
  }
  return out + conditionsWithoutLiterals(line.slice(from), dialect);
}

function conditionsWithoutLiterals(text: string, dialect: string): string {
  const isMysql = dialect === "mysql";
  let out = "";
  let depth = 0;
  for (const { kind, text: piece } of piecesOf(text, isMysql)) {
    if (piece === "(") depth++;
    else if (piece === ")") depth--;
    const isValue = kind === "string" || (kind === "number" && depth > 0) ||
      (isMysql && piece.startsWith('"'));
    out += isValue ? "?" : piece;
  }
  return out;
}
