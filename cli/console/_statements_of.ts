import type { Dialect } from "@kysera/core";
import { endOfQuoted } from "../sql/_inline_parameters.ts";

/** Divides a text at its semicolons, except those in strings, names and comments. */
export function statementsOf(text: string, dialect: Dialect): string[] {
  const { statements, rest } = divided(text, dialect);
  return [...statements, rest.trim()].filter((statement) => statement !== "");
}

/** Returns the statements that are ended, and what is behind them. */
export function divided(
  text: string,
  dialect: Dialect,
): { readonly statements: string[]; readonly rest: string } {
  const statements: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length;) {
    const end = endOfQuoted(text, i, dialect);
    if (end > i) {
      i = end;
      continue;
    }
    if (text[i++] !== ";") continue;
    statements.push(text.slice(start, i - 1).trim());
    start = i;
  }
  return { statements: statements.filter((each) => each !== ""), rest: text.slice(start) };
}
