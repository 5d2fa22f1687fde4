import { BadRequestError } from "@kysera/core";

/**
 * Refuses a text that holds more than one statement.
 *
 * Cloudflare's runtime runs all of them and returns the result of the last: whatever follows the
 * first one would go past what was checked.
 *
 * @param sql the text
 * @param database the name of the database, for the message
 * @throws {BadRequestError} if a statement follows another one
 */
export function refuseSeveralStatements(sql: string, database: string): void {
  if (!sql.includes(";") || !hasSeveralStatements(sql)) return;
  throw new BadRequestError(
    `Cannot run the query: it holds more than one statement, and ${database} would return the ` +
      "result of the last alone; run them one by one",
  );
}

/** What ends a token that begins with the sign. */
const CLOSING: Readonly<Record<string, string>> = { "'": "'", '"': '"', "`": "`", "[": "]" };
const WORD = /[a-z_0-9$\u0080-\uffff]+/iy;
const SPACE = /\s+/y;

/**
 * Returns true if something follows the end of a statement. The statements of a trigger are a part
 * of it, up to `; end`, as in `sqlite3_complete()` of SQLite.
 */
export function hasSeveralStatements(sql: string): boolean {
  /** The first words, to know a trigger by. */
  const words: string[] = [];
  let isTrigger = false;
  /** The last token was a semicolon, and the one after it END. */
  let afterSemicolon = false;
  let afterEnd = false;
  let ended = false;
  for (const token of tokensOf(sql)) {
    if (ended) {
      if (token !== ";") return true;
      continue;
    }
    if (token === ";") {
      // An empty statement is skipped, as SQLite does.
      if (words.length === 0) continue;
      if (!isTrigger || afterEnd) ended = true;
      afterSemicolon = true;
      afterEnd = false;
      continue;
    }
    const word = token.toLowerCase();
    if (words.length < 6) {
      words.push(word);
      isTrigger ||= /^(?:explain (?:query plan )?)?create (?:temp |temporary )?trigger$/
        .test(words.join(" "));
    }
    afterEnd = afterSemicolon && word === "end";
    afterSemicolon = false;
  }
  return false;
}

/** The tokens of a text, without white space and comments; a quoted one is its first sign. */
function* tokensOf(sql: string): Generator<string> {
  for (let at = 0; at < sql.length;) {
    const sign = sql[at]!;
    const space = endOf(SPACE, sql, at);
    if (space > at) {
      at = space;
    } else if (sql.startsWith("--", at)) {
      at = behind(sql, "\n", at + 2);
    } else if (sql.startsWith("/*", at)) {
      at = behind(sql, "*/", at + 2);
    } else if (Object.hasOwn(CLOSING, sign)) {
      // Two closing signs in a row stand for one: what follows reads as another quoted token.
      at = behind(sql, CLOSING[sign]!, at + 1);
      yield sign;
    } else {
      const word = endOf(WORD, sql, at);
      yield word > at ? sql.slice(at, word) : sign;
      at = Math.max(word, at + 1);
    }
  }
}

function behind(sql: string, closing: string, from: number): number {
  const at = sql.indexOf(closing, from);
  return at < 0 ? sql.length : at + closing.length;
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
