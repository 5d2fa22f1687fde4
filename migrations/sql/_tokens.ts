import type { Lexis } from "./_lexis.ts";

/** A token of SQL. Comments and white space are none. */
export interface Token {
  /**
   * `word`: a keyword or a name without quotes; `name`: a name in quotes; `string`; `number`;
   * `sign`: one character of anything else.
   */
  readonly kind: "word" | "name" | "string" | "number" | "sign";
  /** A word in lower case, a name without its quotes, and the text of anything else. */
  readonly text: string;
  /** Where it begins in the text. */
  readonly start: number;
  /** Where it ends in the text. */
  readonly end: number;
}

const SPACE = /\s/;
const WORD_START = /[\p{L}_\u0080-\u{10ffff}]/u;
const WORD = /[\p{L}\p{N}_$\u0080-\u{10ffff}]/u;
const DIGIT = /[0-9]/;

/**
 * Reads SQL token by token, in time that grows with its length alone. Text that is not closed goes
 * on to the end.
 *
 * @param sql the text
 * @param lexis how the dialect is read
 * @param start where to begin
 */
export function* tokensOf(sql: string, lexis: Lexis, start = 0): Generator<Token> {
  let at = start;
  const { length } = sql;
  while (at < length) {
    const after = skip(sql, at, lexis);
    if (after > at) {
      at = after;
      continue;
    }
    const char = sql[at]!;
    let end: number;
    let kind: Token["kind"];
    let text: string | undefined;
    const closing = lexis.nameQuotes[char];
    if (char === "'" || (char === '"' && lexis.doubleQuotedStrings)) {
      kind = "string";
      end = endOfQuoted(sql, at + 1, char, lexis.backslashEscapes);
    } else if (
      lexis.escapeStrings && (char === "e" || char === "E") && sql[at + 1] === "'"
    ) {
      kind = "string";
      end = endOfQuoted(sql, at + 2, "'", true);
    } else if (closing !== undefined) {
      kind = "name";
      end = endOfQuoted(sql, at + 1, closing, false);
      text = sql.slice(at + 1, Math.max(at + 1, end - 1)).replaceAll(closing + closing, closing);
    } else if (char === "$" && lexis.dollarQuotes && dollarTag(sql, at) !== undefined) {
      kind = "string";
      const tag = dollarTag(sql, at)!;
      const close = sql.indexOf(tag, at + tag.length);
      end = close < 0 ? length : close + tag.length;
    } else if (DIGIT.test(char)) {
      kind = "number";
      end = at + 1;
      while (end < length && /[\w.]/.test(sql[end]!)) end++;
    } else if (WORD_START.test(char)) {
      kind = "word";
      end = at + 1;
      while (end < length && WORD.test(sql[end]!)) end++;
      text = sql.slice(at, end).toLowerCase();
    } else {
      kind = "sign";
      end = at + 1;
    }
    yield { kind, text: text ?? sql.slice(at, end), start: at, end };
    at = end;
  }
}

/** Returns where a comment, or white space, that stands at a place ends; the place itself if none. */
export function skip(sql: string, at: number, lexis: Lexis): number {
  const char = sql[at]!;
  if (SPACE.test(char)) return at + 1;
  if (char === "-" && sql[at + 1] === "-") {
    const next = sql[at + 2];
    if (!lexis.dashesNeedSpace || next === undefined || next <= " ") return endOfLine(sql, at);
  }
  if (char === "#" && lexis.hashComments) return endOfLine(sql, at);
  if (char === "/" && sql[at + 1] === "*") {
    // What stands in it is run, and so it is read: the signs round it stay as they are.
    if (lexis.executableComments && /^\/\*M?!/.test(sql.slice(at, at + 4))) return at;
    return endOfComment(sql, at, lexis.nestedComments);
  }
  return at;
}

function endOfLine(sql: string, at: number): number {
  const end = sql.indexOf("\n", at);
  return end < 0 ? sql.length : end + 1;
}

function endOfComment(sql: string, at: number, nested: boolean): number {
  if (!nested) {
    const end = sql.indexOf("*/", at + 2);
    return end < 0 ? sql.length : end + 2;
  }
  let depth = 0;
  for (let i = at; i < sql.length; i++) {
    if (sql[i] === "/" && sql[i + 1] === "*") {
      depth++;
      i++;
    } else if (sql[i] === "*" && sql[i + 1] === "/") {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return sql.length;
}

/** Returns where a quoted text ends; a doubled quote is part of it. */
function endOfQuoted(sql: string, from: number, quote: string, escapes: boolean): number {
  let at = from;
  while (at < sql.length) {
    if (escapes && sql[at] === "\\") at += 2;
    else if (sql[at] !== quote) at++;
    else if (sql[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return sql.length;
}

/** Returns `$tag$` where one begins at a place. */
function dollarTag(sql: string, at: number): string | undefined {
  // A dollar sign inside of a word is part of it, so this is not asked there.
  let end = at + 1;
  if (end < sql.length && sql[end] !== "$" && !WORD_START.test(sql[end]!)) return undefined;
  while (end < sql.length && sql[end] !== "$" && WORD.test(sql[end]!)) end++;
  return sql[end] === "$" ? sql.slice(at, end + 1) : undefined;
}
