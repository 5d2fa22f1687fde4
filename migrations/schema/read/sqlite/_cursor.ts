import { LEXES } from "../../../sql/_lexis.ts";
import { type Token, tokensOf } from "../../../sql/_tokens.ts";

/** Reads the tokens of a statement one after the other. */
export class Cursor {
  /** The text that the tokens are of. */
  readonly source: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: string, tokens: readonly Token[] = [...tokensOf(source, LEXES.sqlite)]) {
    this.source = source;
    this.#tokens = tokens;
  }

  /** The token that comes next. */
  get next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** Whether all are read. */
  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Whether the next tokens are these words. */
  isAt(...words: readonly string[]): boolean {
    return words.every((word, i) => {
      const token = this.#tokens[this.#at + i];
      return token?.kind === "word" && token.text === word;
    });
  }

  /** Reads these words, if they come next. */
  take(...words: readonly string[]): boolean {
    if (!this.isAt(...words)) return false;
    this.#at += words.length;
    return true;
  }

  /** Reads one sign, if it comes next. */
  takeSign(sign: string): boolean {
    if (this.next?.kind !== "sign" || this.next.text !== sign) return false;
    this.#at++;
    return true;
  }

  /** Reads the next token. */
  read(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  /** Reads a name, in quotes or without. */
  name(): string {
    const token = this.read();
    if (token === undefined) return "";
    if (token.kind === "word") return this.source.slice(token.start, token.end);
    return token.kind === "string"
      ? this.source.slice(token.start + 1, token.end - 1).replaceAll("''", "'")
      : token.text;
  }

  /** Reads a name that may have a schema before it, and returns it without. */
  qualifiedName(): string {
    const name = this.name();
    return this.takeSign(".") ? this.name() : name;
  }

  /** Reads what stands in parentheses, if they come next, and returns its parts between commas. */
  list(): Cursor[] | undefined {
    if (!this.takeSign("(")) return undefined;
    const parts: Cursor[] = [];
    let part: Token[] = [];
    let depth = 0;
    for (let token = this.read(); token !== undefined; token = this.read()) {
      const sign = token.kind === "sign" ? token.text : "";
      if (sign === ")" && depth === 0) break;
      if (sign === "(") depth++;
      else if (sign === ")") depth--;
      if (sign === "," && depth === 0) {
        parts.push(new Cursor(this.source, part));
        part = [];
      } else {
        part.push(token);
      }
    }
    parts.push(new Cursor(this.source, part));
    return parts;
  }

  /** Reads what stands in parentheses, if they come next, and returns its text. */
  parenthesized(): string | undefined {
    const start = this.next?.end;
    const parts = this.list();
    if (parts === undefined) return undefined;
    const last = this.#tokens[this.#at - 1]!;
    return this.source.slice(start, last.start).trim();
  }

  /** Returns the text of all that is left, without reading it. */
  rest(): string {
    const last = this.#tokens.at(-1);
    return last === undefined || this.next === undefined
      ? ""
      : this.source.slice(this.next.start, last.end);
  }

  /** Where the next token begins. */
  get position(): number {
    return this.next?.start ?? this.#tokens.at(-1)?.end ?? 0;
  }

  /** Where the token that was read last ends. */
  get lastEnd(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }

  /** Returns the tokens that are left. */
  remaining(): readonly Token[] {
    return this.#tokens.slice(this.#at);
  }
}
