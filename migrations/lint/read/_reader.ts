import type { Lexis } from "../../sql/_lexis.ts";
import { type Token, tokensOf } from "../../sql/_tokens.ts";
import type { Expression, ObjectName } from "./_change.ts";

/** What stands for a function call without its parentheses. */
const BARE_CALLS: ReadonlySet<string> = new Set([
  "current_timestamp",
  "current_date",
  "current_time",
  "localtime",
  "localtimestamp",
  "current_user",
  "session_user",
]);

/** Reads the tokens of a statement, or of a part of one, from left to right. */
export class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Returns a reader of a whole statement, without the semicolon that may end it. */
  static of(sql: string, lexis: Lexis): Reader {
    const tokens = [...tokensOf(sql, lexis)];
    while (tokens.at(-1)?.text === ";") tokens.pop();
    return new Reader(tokens);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The token that comes next. */
  get next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** Whether these keywords, or signs, come next. */
  is(...texts: readonly string[]): boolean {
    return texts.every((text, i) => {
      const token = this.#tokens[this.#at + i];
      return token !== undefined && (token.kind === "word" || token.kind === "sign") &&
        token.text === text;
    });
  }

  /** Whether one of these keywords comes next. */
  isOneOf(words: ReadonlySet<string>): boolean {
    const { next } = this;
    return next?.kind === "word" && words.has(next.text);
  }

  /** Goes past these keywords, or signs, if they come next. */
  take(...texts: readonly string[]): boolean {
    if (!this.is(...texts)) return false;
    this.#at += texts.length;
    return true;
  }

  /** Goes past one of these keywords; returns which. */
  takeOneOf(words: ReadonlySet<string>): string | undefined {
    return this.isOneOf(words) ? this.any()!.text : undefined;
  }

  /** Goes past whatever comes next. */
  any(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  /** Goes past a name, with quotes or without; a string counts as one where MySQL takes it for one. */
  name(): string | undefined {
    const { next } = this;
    if (next?.kind !== "word" && next?.kind !== "name") return undefined;
    this.#at++;
    return next.text;
  }

  /** Goes past a name that may have a schema. */
  objectName(): ObjectName | undefined {
    let name = this.name();
    let schema: string | undefined;
    while (name !== undefined && this.take(".")) {
      schema = name;
      name = this.name();
    }
    return name === undefined ? undefined : { name, schema };
  }

  /** Goes past a string; returns what it holds. */
  string(): string | undefined {
    const { next } = this;
    if (next?.kind !== "string") return undefined;
    this.#at++;
    return next.text.slice(1, -1).replaceAll("''", "'");
  }

  /** Goes past a group in parentheses; returns a reader of what it holds. */
  group(): Reader | undefined {
    if (!this.is("(")) return undefined;
    const start = ++this.#at;
    for (let depth = 1; this.#at < this.#tokens.length; this.#at++) {
      const { kind, text } = this.#tokens[this.#at]!;
      if (kind !== "sign") continue;
      if (text === "(") depth++;
      else if (text === ")" && --depth === 0) {
        return new Reader(this.#tokens.slice(start, this.#at++));
      }
    }
    return new Reader(this.#tokens.slice(start));
  }

  /** Goes past the parts of the rest that commas outside of parentheses divide. */
  *parts(): Generator<Reader> {
    while (!this.isAtEnd) {
      yield new Reader(this.#until((token) => token.kind === "sign" && token.text === ","));
      this.#at++;
    }
  }

  /** Goes past an expression that ends before one of these keywords; its first token is in any case. */
  expression(ends: ReadonlySet<string> = new Set()): Expression {
    const start = this.#at;
    if (!this.isAtEnd && !this.is("(")) this.#at++;
    this.#until((token) => token.kind === "word" && ends.has(token.text));
    return expressionOf(this.#tokens.slice(start, this.#at));
  }

  /** Whether one of these keywords is anywhere in the rest, groups included. */
  has(words: ReadonlySet<string>): boolean {
    return this.#tokens.slice(this.#at).some(({ kind, text }) =>
      kind === "word" && words.has(text)
    );
  }

  /** The tokens of the rest. */
  get rest(): readonly Token[] {
    return this.#tokens.slice(this.#at);
  }

  /** Goes to the end. */
  end(): void {
    this.#at = this.#tokens.length;
  }

  #until(isEnd: (token: Token) => boolean): readonly Token[] {
    const start = this.#at;
    for (let depth = 0; this.#at < this.#tokens.length; this.#at++) {
      const token = this.#tokens[this.#at]!;
      if (depth === 0 && isEnd(token)) break;
      if (token.kind !== "sign") continue;
      if (token.text === "(") depth++;
      else if (token.text === ")") depth--;
    }
    return this.#tokens.slice(start, this.#at);
  }
}

/** Returns what rules want to know of an expression. */
export function expressionOf(tokens: readonly Token[]): Expression {
  const calls: string[] = [];
  for (const [i, { kind, text }] of tokens.entries()) {
    if (kind !== "word" && kind !== "name") continue;
    const isCall = tokens[i + 1]?.text === "(" && tokens[i + 1]?.kind === "sign";
    if ((isCall && !NOT_CALLS.has(text)) || (kind === "word" && BARE_CALLS.has(text))) {
      calls.push(text);
    }
  }
  const bare = tokens.filter(({ kind, text }) => kind !== "sign" || !"+-()".includes(text));
  const [first, second] = bare;
  const isLiteral = first !== undefined && (first.kind === "string" || first.kind === "number" ||
    (first.kind === "word" && ["null", "true", "false"].includes(first.text)));
  return {
    calls,
    // A literal may be cast.
    isConstant: isLiteral && calls.length === 0 &&
      (second === undefined || (second.kind === "sign" && second.text === ":")),
    isNull: first?.kind === "word" && first.text === "null",
  };
}

/** Returns the functions that an expression calls outside of its subqueries. */
export function callsOutsideOfSelect(tokens: readonly Token[]): string[] {
  let inside = 0;
  const outside = tokens.filter(({ kind, text }, i) => {
    if (kind === "sign" && text === "(" && (inside > 0 || tokens[i + 1]?.text === "select")) {
      inside++;
    } else if (kind === "sign" && text === ")" && inside > 0) inside--;
    return inside === 0;
  });
  return [...expressionOf(outside).calls];
}

/** Words before a parenthesis that call nothing. */
const NOT_CALLS: ReadonlySet<string> = new Set([
  "in",
  "and",
  "or",
  "not",
  "any",
  "all",
  "exists",
  "as",
  "values",
  "select",
  "where",
  "on",
  "using",
  "check",
  "varchar",
  "char",
  "numeric",
  "decimal",
  "from",
  "is",
  "case",
  "when",
  "then",
  "else",
]);
