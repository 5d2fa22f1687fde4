import type { Dialect } from "@kysera/core";
import { refusal } from "../../contract/_cli_error.ts";

/** A part of a text of SQL. */
export interface Token {
  readonly kind: "word" | "name" | "text" | "number" | "symbol";
  /** A word in small letters, a name without its quotes, or else what stands there. */
  readonly value: string;
}

/** How a dialect reads a text. */
interface TextTraits {
  /** The quotes of names. */
  readonly names: string;
  /** The quotes of texts. */
  readonly texts: string;
  /** Letters that are read as something that is not looked at: variables, parameters, escapes. */
  readonly refused: RegExp;
}

const TRAITS: Readonly<Partial<Record<Dialect, TextTraits>>> = {
  postgres: { names: '"', texts: "'", refused: /[$`\\]/ },
  sqlite: { names: '"`', texts: "'", refused: /[?@$:#\\[\]]/ },
  // With ANSI_QUOTES a text would be a name, and without a name a text.
  mysql: { names: "`", texts: "'", refused: /[?@$:#"\\]/ },
};

const LETTER = /[A-Za-z_\u0080-\uffff]/;
const LETTERS = /[\w$\u0080-\uffff]/;

/**
 * Divides a text of SQL into its parts. What databases read in ways of their own is refused: comments,
 * escapes, dollar quotes, variables, placeholders.
 *
 * @throws {CliError} for any of these
 */
export function tokensOf(sql: string, dialect: Dialect): Token[] {
  const traits = TRAITS[dialect];
  if (traits === undefined) throw refusal(`SQL of "${dialect}" is not read`);
  const tokens: Token[] = [];
  for (let i = 0; i < sql.length;) {
    const letter = sql[i]!;
    if (/[ \t\r\n\f]/.test(letter)) i++;
    else if (traits.texts.includes(letter) || traits.names.includes(letter)) {
      const isName = traits.names.includes(letter);
      const last = tokens.at(-1);
      // E'..', U&'..' and x'..' are read by other rules, and so are two texts in a row.
      const isPrefixed = i > 0 && (LETTERS.test(sql[i - 1]!) || sql[i - 1] === "&");
      if (isPrefixed || last?.kind === "text" && !isName) {
        throw refusal(`A quote stands directly behind ${JSON.stringify(last?.value)}`);
      }
      const end = endOfQuoted(sql, i);
      const inner = sql.slice(i + 1, end - 1);
      if (inner.includes("\\") || inner.includes("\0")) {
        throw refusal("A backslash or NUL stands in quotes");
      }
      tokens.push({
        kind: isName ? "name" : "text",
        value: inner.replaceAll(letter + letter, letter),
      });
      i = end;
    } else if (LETTER.test(letter)) {
      const end = endOf(sql, i, LETTERS);
      tokens.push({ kind: "word", value: sql.slice(i, end).toLowerCase() });
      i = end;
    } else if (/\d/.test(letter)) {
      const end = endOf(sql, i, /[\w.]/);
      const value = sql.slice(i, end);
      // PostgreSQL has read "1into" as two words.
      if (!/^\d+(?:\.\d*)?(?:e\d*)?$/i.test(value)) throw refusal(`"${value}" is not a number`);
      tokens.push({ kind: "number", value });
      i = end;
    } else {
      if (sql.startsWith("--", i) || sql.startsWith("/*", i)) {
        throw refusal("Comments are not read: leave them out");
      }
      if (traits.refused.test(letter) || letter.charCodeAt(0) < 32 || letter === "\x7f") {
        throw refusal(`The text has a ${JSON.stringify(letter)}, which is not read`);
      }
      tokens.push({ kind: "symbol", value: letter });
      i++;
    }
  }
  return tokens;
}

function endOf(sql: string, start: number, letters: RegExp): number {
  let end = start;
  while (end < sql.length && letters.test(sql[end]!)) end++;
  return end;
}

function endOfQuoted(sql: string, start: number): number {
  const quote = sql[start]!;
  for (let i = start + 1; i < sql.length; i++) {
    if (sql[i] !== quote) continue;
    if (sql[i + 1] !== quote) return i + 1;
    i++;
  }
  throw refusal("A quote is not closed");
}
