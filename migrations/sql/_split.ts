import type { Lexis } from "./_lexis.ts";
import { skip, type Token, tokensOf } from "./_tokens.ts";

/** A statement of a script. */
export interface ScriptStatement {
  /** Its text, without the sign that ends it. */
  readonly sql: string;
  /** The line that it begins in, from 1 on. */
  readonly line: number;
}

/** A statement of a script, or a comment between two. */
export type ScriptPart =
  | ScriptStatement & { readonly kind: "statement" }
  | { readonly kind: "comment"; readonly text: string; readonly line: number };

/** Kinds of objects whose definition holds statements. */
const ROUTINES: ReadonlySet<string> = new Set([
  "procedure",
  "function",
  "trigger",
  "event",
  "package",
]);
/** What `end` may be followed by where it ends something that `begin` did not begin. */
const OTHER_ENDS: ReadonlySet<string> = new Set(["if", "loop", "while", "repeat", "for"]);

/**
 * Splits a script into its statements, in time that grows with its length alone. Semicolons in
 * strings, comments and the bodies of triggers and routines end no statement; in MySQL a line
 * `delimiter //` says what does.
 *
 * @param script the text
 * @param lexis how the dialect is read
 */
export function* splitScript(script: string, lexis: Lexis): Generator<ScriptPart> {
  const lines = new LineCounter(script);
  let delimiter = ";";
  let at = 0;
  while (at < script.length) {
    // Between statements: white space, comments, and the command that changes the delimiter.
    const after = skip(script, at, lexis);
    if (after > at) {
      const text = script.slice(at, after).trim();
      if (text !== "") yield { kind: "comment", text, line: lines.of(at) };
      at = after;
      continue;
    }
    const command = lexis.delimiterCommand ? delimiterAt(script, at) : undefined;
    if (command !== undefined) {
      delimiter = command.delimiter;
      at = command.end;
      continue;
    }
    if (script.startsWith(delimiter, at)) {
      at += delimiter.length;
      continue;
    }
    const end = endOfStatement(script, at, delimiter, lexis);
    yield { kind: "statement", sql: script.slice(at, end).trimEnd(), line: lines.of(at) };
    at = end + delimiter.length;
  }
}

function endOfStatement(script: string, start: number, delimiter: string, lexis: Lexis): number {
  const body = new Body(lexis);
  let end = start;
  for (const token of tokensOf(script, lexis, start)) {
    const isEnd = token.kind !== "string" && token.kind !== "name" &&
      script.startsWith(delimiter, token.start);
    // With a delimiter of its own a script says by that where a body ends.
    if (isEnd && (delimiter !== ";" || !body.isOpen)) return token.start;
    body.add(token);
    end = token.end;
  }
  // A comment that stands behind the last token is not a part of it.
  return end;
}

/** Knows, token by token, whether a statement is in the middle of the body of an object. */
class Body {
  readonly #lexis: Lexis;
  readonly #head: string[] = [];
  #holdsStatements: boolean | undefined;
  #depth = 0;
  #last = "";

  constructor(lexis: Lexis) {
    this.#lexis = lexis;
  }

  /** Whether a semicolon that comes now belongs to the body. */
  get isOpen(): boolean {
    // `end` is counted with what follows it, and a semicolon may be that.
    return this.#depth > (this.#last === "end" ? 1 : 0);
  }

  add({ kind, text }: Token): void {
    const word = kind === "word" ? text : "";
    this.#holdsStatements ??= this.#lexis.bodies !== "none" && this.#read(word);
    if (this.#holdsStatements !== true) return;
    const follows = this.#last;
    this.#last = word;
    if (follows === "end" && this.#depth > 0) {
      // `end if` ends what was not counted, and `case` behind `end` begins nothing.
      if (!OTHER_ENDS.has(word)) this.#depth--;
      if (word === "case") return;
    }
    if (word === "case" && this.#depth > 0) this.#depth++;
    else if (
      this.#lexis.bodies === "atomic" ? word === "atomic" && follows === "begin" : word === "begin"
    ) {
      this.#depth++;
    }
  }

  /** Whether a statement creates an object with a body; `undefined` where that is not known yet. */
  #read(word: string): boolean | undefined {
    this.#head.push(word);
    if (this.#head[0] !== "create" && this.#head[0] !== "alter") return false;
    if (this.#lexis.bodies === "triggers") {
      if (word === "trigger") return true;
      return this.#head.length > 3 ? false : undefined;
    }
    if (ROUTINES.has(word)) return true;
    // `create definer = 'somebody'@'somewhere' procedure`
    return this.#head.length > 14 ? false : undefined;
  }
}

/** Reads `delimiter //`, which stands on a line of its own. */
function delimiterAt(script: string, at: number): { delimiter: string; end: number } | undefined {
  if (script.slice(at, at + 9).toLowerCase() !== "delimiter") return undefined;
  const newline = script.indexOf("\n", at);
  const end = newline < 0 ? script.length : newline;
  const rest = script.slice(at + 9, end);
  const delimiter = rest.trim();
  if (delimiter === "" || !/^\s/.test(rest)) return undefined;
  return { delimiter, end };
}

/** Tells the lines of places that come in order. */
class LineCounter {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  of(place: number): number {
    for (; this.#at < place; this.#at++) if (this.#text[this.#at] === "\n") this.#line++;
    return this.#line;
  }
}
