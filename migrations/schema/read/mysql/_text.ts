import { LEXES } from "../../../sql/_lexis.ts";
import { type Token, tokensOf } from "../../../sql/_tokens.ts";

/** Returns a name in quotes. */
export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/**
 * Returns the text of a view or an expression without the name of its database, which the server
 * writes before each table; so the text is the same in a copy of the database.
 */
export function withoutDatabase(text: string, database: string): string {
  const tokens = [...tokensOf(text, LEXES.mysql)];
  const isName = (at: number) => tokens[at]?.kind === "name";
  const isDot = (at: number) => tokens[at]?.kind === "sign" && tokens[at].text === ".";
  let result = "";
  let from = 0;
  for (const [i, token] of tokens.entries()) {
    const isPrefix = token.kind === "name" && token.text === database && isDot(i + 1) &&
      isName(i + 2) && !isDot(i - 1);
    if (!isPrefix) continue;
    // Of two parts the first may be the alias of a table, which only a column stands behind.
    const isColumn = isDot(i + 3) && isName(i + 4);
    if (!isColumn && !startsTable(tokens, i)) continue;
    result += text.slice(from, token.start);
    from = tokens[i + 1]!.end;
  }
  return result + text.slice(from);
}

const BEFORE_TABLES: ReadonlySet<string> = new Set([
  "from",
  "join",
  "straight_join",
  "nextval",
  "lastval",
  "setval",
]);

/** Returns the names of the tables and views of the default database that a query reads. */
export function tablesIn(text: string): string[] {
  const tokens = [...tokensOf(text, LEXES.mysql)];
  return tokens.flatMap(({ kind, text }, i) => {
    const isQualified = tokens[i + 1]?.kind === "sign" && tokens[i + 1]!.text === ".";
    return kind === "name" && !isQualified && followsTableWord(tokens, i) ? [text] : [];
  });
}

/** Whether a name stands where a table or a routine does. */
function startsTable(tokens: readonly Token[], at: number): boolean {
  const after = tokens[at + 3];
  if (after?.kind === "sign" && after.text === "(") return true;
  return followsTableWord(tokens, at);
}

function followsTableWord(tokens: readonly Token[], at: number): boolean {
  let before = at - 1;
  while (tokens[before]?.kind === "sign" && tokens[before]!.text === "(") before--;
  const token = tokens[before];
  // `next value for` a sequence
  return token?.kind === "word" && (BEFORE_TABLES.has(token.text) || token.text === "for");
}

/** Returns the values of `enum('a','b')` or `set(..)`. */
export function valuesOf(type: string): string[] {
  const values: string[] = [];
  for (const { kind, start, end } of tokensOf(type, LEXES.mysql)) {
    if (kind === "string") values.push(unquoted(type.slice(start + 1, end - 1)));
  }
  return values;
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0" };

function unquoted(text: string): string {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === "\\") {
      const next = text[++i] ?? "";
      result += ESCAPED[next] ?? next;
    } else {
      if (char === "'" && text[i + 1] === "'") i++;
      result += char;
    }
  }
  return result;
}

/** Returns a text as a literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
