import type { Dialect } from "@kysera/core";
import { literal } from "./_literal.ts";

/**
 * Puts the values of a compiled statement into its text, in place of their placeholders. What looks
 * like one in a string, a quoted name or a comment stays as it is.
 */
export function inlineParameters(
  sql: string,
  parameters: readonly unknown[],
  dialect: Dialect,
): string {
  if (parameters.length === 0) return sql;
  let written = "";
  let next = 0;
  for (let i = 0; i < sql.length;) {
    const end = endOfQuoted(sql, i, dialect);
    if (end > i) {
      written += sql.slice(i, end);
      i = end;
      continue;
    }
    const placeholder = placeholderAt(sql, i, dialect);
    if (placeholder === undefined) written += sql[i++];
    else {
      const index = placeholder === "?" ? next++ : Number(placeholder.slice(1)) - 1;
      written += literal(parameters[index], dialect);
      i += placeholder.length;
    }
  }
  return written;
}

function placeholderAt(sql: string, at: number, dialect: Dialect): string | undefined {
  if (dialect !== "postgres") return sql[at] === "?" ? "?" : undefined;
  if (sql[at] !== "$" || !/\d/.test(sql[at + 1] ?? "")) return undefined;
  let end = at + 1;
  while (end < sql.length && /\d/.test(sql[end]!)) end++;
  return sql.slice(at, end);
}

/** Where the string, name or comment ends that begins here; the same place if none does. */
export function endOfQuoted(sql: string, at: number, dialect: Dialect): number {
  const letter = sql[at]!;
  if (letter === "'" || letter === '"' || (letter === "`" && dialect !== "postgres")) {
    const isEscaped = dialect === "mysql" && letter !== "`" ||
      (dialect === "postgres" && letter === "'" && /[eE]/.test(sql[at - 1] ?? ""));
    return endOfQuote(sql, at, letter, isEscaped);
  }
  if (sql.startsWith("--", at)) return endAfter(sql, "\n", at);
  if (sql.startsWith("/*", at)) return endAfter(sql, "*/", at + 2);
  if (letter !== "$" || dialect !== "postgres") return at;
  const tag = /^\$(?:[A-Za-z_]\w{0,62})?\$/.exec(sql.slice(at, at + 66))?.[0];
  return tag === undefined ? at : endAfter(sql, tag, at + tag.length);
}

function endOfQuote(sql: string, at: number, quote: string, isEscaped: boolean): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (isEscaped && sql[i] === "\\") i++;
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return sql.length;
}

function endAfter(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found < 0 ? sql.length : found + mark.length;
}
