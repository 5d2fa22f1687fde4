/** What a piece of SQL is, in any database. */
export type PieceKind = "string" | "name" | "comment" | "space" | "word" | "number" | "other";

/** A piece of SQL. */
export interface Piece {
  readonly kind: PieceKind;
  readonly text: string;
}

const SPACE = /\s+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
/** A parameter: what stands for a value. */
const PARAMETER = /(?:\$|\?|:|@)[\p{L}\p{N}_]*/uy;
const NUMBER = /(?:0x[\da-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)/iy;
const TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]{0,62})?\$/uy;

/**
 * Cuts SQL into pieces, in one pass. What is not closed, such as a string without its second quote,
 * goes on to the end.
 *
 * @param backslashes whether a backslash in a string takes the next character with it, as in MySQL
 */
export function* piecesOf(sql: string, backslashes = false): Generator<Piece> {
  let at = 0;
  while (at < sql.length) {
    const [kind, end] = pieceAt(sql, at, backslashes);
    yield { kind, text: sql.slice(at, end) };
    at = end;
  }
}

function pieceAt(sql: string, at: number, backslashes: boolean): [kind: PieceKind, end: number] {
  switch (sql[at]) {
    case "'":
      return ["string", quoted(sql, at, "'", backslashes || isEscapeString(sql, at))];
    case '"':
      return ["name", quoted(sql, at, '"', backslashes)];
    case "`":
      return ["name", quoted(sql, at, "`", false)];
    case "-":
      if (sql[at + 1] === "-") return ["comment", behind(sql, "\n", at, 0)];
      break;
    case "/":
      if (sql[at + 1] === "*") return ["comment", behind(sql, "*/", at + 2, 2)];
      break;
    case "$": {
      const tag = endOf(TAG, sql, at);
      if (tag > at) return ["string", behind(sql, sql.slice(at, tag), tag, tag - at)];
    }
  }
  for (const [kind, pattern] of PATTERNS) {
    const end = endOf(pattern, sql, at);
    if (end > at) return [kind, end];
  }
  return ["other", at + 1];
}

const PATTERNS: readonly (readonly [PieceKind, RegExp])[] = [
  ["space", SPACE],
  ["word", WORD],
  ["other", PARAMETER],
  ["number", NUMBER],
];

function endOf(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

/** Whether a string is one of PostgreSQL in which a backslash escapes: `E'..'`. */
function isEscapeString(sql: string, at: number): boolean {
  return /e/i.test(sql[at - 1] ?? "") && !/[\p{L}\p{N}_$]/u.test(sql[at - 2] ?? " ");
}

/** Where something ends that ends with a text, `length` characters of it included. */
function behind(sql: string, text: string, from: number, length: number): number {
  const found = sql.indexOf(text, from);
  return found < 0 ? sql.length : found + length;
}

/** Where something quoted ends. A quote in it is doubled, or stands behind a backslash. */
function quoted(sql: string, at: number, quote: string, backslashes: boolean): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (backslashes && sql[i] === "\\") i++;
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return sql.length;
}
