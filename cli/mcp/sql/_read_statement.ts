import type { Dialect } from "@kysera/core";
import { refusal } from "../../contract/_cli_error.ts";
import { BEFORE_BRACKETS, FUNCTIONS, REFUSED_WORDS } from "./_functions.ts";
import { type Token, tokensOf } from "./_tokens.ts";

/** The longest text that is read, in letters. */
const MAX_LENGTH = 20_000;

/** Relations of the database itself, which show statements, settings and samples of rows. */
const SYSTEM: Readonly<Partial<Record<Dialect, RegExp>>> = {
  postgres: /^(?:pg_.*|information_schema)$/,
  mysql: /^(?:information_schema|performance_schema|mysql|sys)$/,
  sqlite: /^(?:sqlite_.*|pragma_.*|dbstat)$/,
};

/** Words that only one of the databases is not to be given. */
const REFUSED_BY_DIALECT: Readonly<Partial<Record<Dialect, ReadonlySet<string>>>> = {
  // Nothing can interrupt it.
  sqlite: new Set(["recursive"]),
};

/** The longest name that each database does not cut off, in bytes. */
const MAX_NAME: Readonly<Partial<Record<Dialect, number>>> = { postgres: 63 };

/** A statement that only reads. */
export interface ReadingStatement {
  readonly sql: string;
  /** Every name that it has, be it of a table, a column or an alias. */
  readonly names: ReadonlySet<string>;
  /** The functions that it calls. */
  readonly functions: ReadonlySet<string>;
}

/**
 * Returns a text of SQL if it is one statement that only reads, by functions that are known to compute
 * and nothing else. Where it cannot be told, it is refused.
 *
 * @throws {CliError} if it may do more
 */
export function readingStatement(text: string, dialect: Dialect): ReadingStatement {
  if (text.length > MAX_LENGTH) throw refusal(`The text is longer than ${MAX_LENGTH} letters`);
  const sql = text.trim().replace(/;$/, "");
  const tokens = tokensOf(sql, dialect);
  const [first] = tokens;
  if (first?.kind !== "word" || !["select", "with"].includes(first.value)) {
    throw refusal("The statement has to begin with SELECT or WITH");
  }
  const names = new Set<string>();
  const functions = new Set<string>();
  let depth = 0;
  tokens.forEach((token, at) => {
    const { kind, value } = token;
    if (kind === "symbol") {
      if (value === ";") throw refusal("There is more than one statement: give them one by one");
      if (value === "(") {
        depth++;
        const called = calledBefore(tokens, at);
        if (called !== undefined) functions.add(called);
      }
      if (value === ")" && --depth < 0) throw refusal("A bracket is closed that was not opened");
    }
    if (kind !== "word" && kind !== "name") return;
    const isCall = tokens[at + 1]?.value === "(" && tokens[at + 1]?.kind === "symbol";
    if (
      kind === "word" && (REFUSED_WORDS.has(value) || REFUSED_BY_DIALECT[dialect]?.has(value))
    ) {
      throw refusal(
        `The statement has the word ${value.toUpperCase()}, which does more than read`,
        {
          hint: "Quote it, if it is a name.",
        },
      );
    }
    if (new TextEncoder().encode(value).length > (MAX_NAME[dialect] ?? Infinity)) {
      throw refusal("A name is so long that the database cuts it off");
    }
    if (!isCall && SYSTEM[dialect]?.test(value.toLowerCase()) === true) {
      // pg_catalog.lower(..) is the function that is meant by lower(..).
      const isOfCall = value === "pg_catalog" && tokens[at + 1]?.value === "." &&
        tokens[at + 3]?.value === "(";
      if (!isOfCall) throw refusal(`"${value}" belongs to the database itself`);
    }
    names.add(value);
  });
  if (depth > 0) throw refusal("A bracket is not closed");
  return { sql, names, functions };
}

/** Returns the function whose arguments begin at a bracket; throws if it is not a known one. */
function calledBefore(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at - 1];
  if (token === undefined || token.kind === "symbol" || token.kind === "number") return undefined;
  const { kind, value } = token;
  const isQualified = tokens[at - 2]?.value === "." && tokens[at - 2]?.kind === "symbol";
  if (kind === "word" && !isQualified && BEFORE_BRACKETS.has(value)) return undefined;
  const isOfDatabase = !isQualified || tokens[at - 3]?.value === "pg_catalog";
  if (kind === "word" && isOfDatabase && FUNCTIONS.has(value)) return value;
  throw refusal(`"${value}" is called, which is not one of the functions that only compute`, {
    hint: "Columns cannot be named in brackets behind an alias.",
  });
}
