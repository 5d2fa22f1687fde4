import type { OperationNode, RawNode, ValueNode } from "kysely";
import type { DialectTraits, LexisTraits } from "../dialect/mod.ts";

/** A piece of raw SQL: a word, a quoted name, a literal, a sign, or a node between fragments. */
export interface Token {
  readonly kind: "word" | "name" | "literal" | "sign" | "node";
  readonly text: string;
  readonly node?: OperationNode;
}

/** The tokens of raw SQL, or why its text cannot be read for sure. */
export type ReadText =
  | { readonly tokens: readonly Token[]; readonly problem?: undefined }
  | { readonly tokens?: undefined; readonly problem: string };

/** Stands in the text for a node that is not raw SQL; from a private use area of Unicode. */
const NODE = "\u{F0000}";

const COMMENT = "a raw fragment holds a comment; leave it out";
const CONTROL = "a raw fragment holds a sign that is not one of SQL's";
const OPEN = "a raw fragment opens a bracket that it does not close";
const UNCLOSED = "a raw fragment holds a quotation that is not closed";

/**
 * Reads raw SQL, and the raw SQL inside it, as one run of tokens: as one text, as the database does.
 * The time it takes is proportional to the length of the text.
 */
export function readText(raw: RawNode, traits: DialectTraits): ReadText {
  return readFlatText(flatten(raw), traits);
}

/** {@linkcode readText} of what {@linkcode flatten} has made. */
export function readFlatText(
  { text, nodes, bounds }: FlatText,
  { lexis }: DialectTraits,
): ReadText {
  return new Reader(text, nodes, lexis, bounds).read();
}

/** Reads a text with no node in it. */
export function readPlainText(text: string, { lexis }: DialectTraits): ReadText {
  return new Reader(text, [], lexis, []).read();
}

/** Returns the text of raw SQL, and of the raw SQL inside it, as the database reads it. */
export function textOf(raw: RawNode): string {
  return flatten(raw).text;
}

/** Makes one text of raw SQL and of the raw SQL inside it. */
export function flatten(raw: RawNode): FlatText {
  const text = new TextWriter();
  text.add(raw);
  return text;
}

/** Where raw SQL inside other raw SQL begins, or ends. */
export interface Bound {
  readonly at: number;
  readonly begins: boolean;
}

/** The text of raw SQL, with a sign for each node in it that is not raw SQL. */
export interface FlatText {
  /** The text, as the database reads it. */
  readonly text: string;
  /** The nodes. */
  readonly nodes: readonly OperationNode[];
  /** Where raw SQL inside it begins and ends. */
  readonly bounds: readonly Bound[];
}

class TextWriter implements FlatText {
  readonly nodes: OperationNode[] = [];
  readonly bounds: Bound[] = [];
  readonly #parts: string[] = [];
  #length = 0;

  get text(): string {
    return this.#parts.join("");
  }

  add(raw: RawNode): void {
    for (let i = 0; i < raw.sqlFragments.length; i++) {
      const text: unknown = raw.sqlFragments[i];
      // What is not a string is not read: no text with a NUL is.
      this.#write(typeof text === "string" ? text : "\0");
      const node = raw.parameters[i];
      if (node === undefined) continue;
      const number = writtenNumber(node);
      if (node.kind === "RawNode") {
        this.bounds.push({ at: this.#length, begins: true });
        this.add(node as RawNode);
        this.bounds.push({ at: this.#length, begins: false });
      } else if (number !== undefined) this.#write(number);
      else {
        this.nodes.push(node);
        this.#write(NODE);
      }
    }
  }

  #write(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
  }
}

/** Returns the digits of a number that Kysely writes into the text, as `sql.lit(1)`. */
function writtenNumber(node: OperationNode): string | undefined {
  if (node.kind !== "ValueNode") return undefined;
  const { value, immediate } = node as ValueNode;
  return immediate === true && (typeof value === "number" || typeof value === "bigint")
    ? String(value)
    : undefined;
}

/** Returns the name that a word or a quoted name stands for. */
export function nameOf({ kind, text }: Token, { identifiers }: DialectTraits): string {
  if (kind !== "name") return identifiers.foldUnquoted(text);
  const end = text.at(-1)!;
  return text.slice(1, -1).replaceAll(end + end, end);
}

/** Returns true if a token is a word, whatever its letter case. */
export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.length === word.length &&
    token.text.toLowerCase() === word;
}

const SPACES = /[ \t\n\v\f\r]+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const DOLLARS = /\$[\p{L}\p{N}_]*\$/uy;
/** Numbers as any dialect writes them: where one does not know it, the query fails. */
const NUMBER =
  /0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?/y;
const RUNS_ON = /[\p{L}\p{N}_$.]/uy;

class Reader {
  readonly #text: string;
  readonly #nodes: readonly OperationNode[];
  readonly #lexis: LexisTraits;
  readonly #bounds: readonly Bound[];
  readonly #tokens: Token[] = [];
  /** How many brackets are open, and how many where each fragment round this place begins. */
  #depth = 0;
  readonly #floors: number[] = [];
  #bound = 0;
  #at = 0;
  #node = 0;
  /** Whether the last token is a string with escapes, which goes on in a string behind it. */
  #escaped = false;

  constructor(
    text: string,
    nodes: readonly OperationNode[],
    lexis: LexisTraits,
    bounds: readonly Bound[],
  ) {
    this.#bounds = bounds;
    this.#text = text;
    this.#nodes = nodes;
    this.#lexis = lexis;
  }

  read(): ReadText {
    const text = this.#text;
    while (this.#at < text.length) {
      this.#at += this.#length(SPACES);
      const crossed = this.#crossBounds();
      if (crossed !== undefined) return { problem: crossed };
      if (this.#at === text.length) break;
      const problem = this.#readToken(text[this.#at]!);
      if (problem !== undefined) return { problem };
    }
    const problem = this.#crossBounds() ?? (this.#depth > 0 ? OPEN : undefined);
    if (problem !== undefined) return { problem };
    // A fragment may hold the sign that stands for nodes.
    return this.#node === this.#nodes.length ? { tokens: this.#tokens } : { problem: CONTROL };
  }

  /** Each fragment closes the brackets that it opens, and no others. */
  #crossBounds(): string | undefined {
    for (;; this.#bound++) {
      const bound = this.#bounds[this.#bound];
      if (bound === undefined || bound.at > this.#at) return undefined;
      if (bound.begins) this.#floors.push(this.#depth);
      else if (this.#floors.pop() !== this.#depth) return OPEN;
    }
  }

  /** The length of what stands at a place and fits. */
  #length(pattern: RegExp, at: number = this.#at): number {
    pattern.lastIndex = at;
    return pattern.exec(this.#text)?.[0].length ?? 0;
  }

  #readToken(sign: string): string | undefined {
    const lexis = this.#lexis;
    if (this.#text.startsWith(NODE, this.#at)) return this.#readNode();
    if (sign === "'") return this.#readString(sign, lexis.backslashEscapes, this.#at);
    if (sign === '"' && lexis.doubleQuotedStrings) return this.#readString(sign, true, this.#at);
    const quote = Object.hasOwn(lexis.nameQuotes, sign) ? lexis.nameQuotes[sign] : undefined;
    if (quote !== undefined) return this.#readName(quote);
    const word = this.#length(WORD);
    if (word > 0) return this.#readWord(word);
    const number = this.#length(NUMBER);
    if (number > 0) {
      const end = this.#at + number;
      if (this.#length(RUNS_ON, end) > 0) {
        return "a raw fragment holds a number that runs into a word";
      }
      return this.#add("literal", end);
    }
    return this.#readSign(sign);
  }

  #add(kind: Token["kind"], end: number): undefined {
    this.#tokens.push({ kind, text: this.#text.slice(this.#at, end) });
    this.#at = end;
    this.#escaped = false;
  }

  #readNode(): string | undefined {
    const node = this.#nodes[this.#node++];
    if (node === undefined) return CONTROL;
    const end = this.#at + NODE.length;
    if (!standsApart(node, this.#text[this.#at - 1], this.#text[end])) {
      return "a raw fragment holds a parameter that runs into the text beside it; put spaces there";
    }
    this.#tokens.push({ kind: "node", text: "", node });
    this.#at = end;
    this.#escaped = false;
    return undefined;
  }

  /** A string from its quote on; what stands before the quote, if anything, is a part of it. */
  #readString(quote: string, escapes: boolean, quoteAt: number): string | undefined {
    const text = this.#text;
    // PostgreSQL reads a string that goes on in the next line as it read its beginning.
    if (this.#escaped) return "a raw fragment holds a string with escapes that goes on in another";
    let at = quoteAt + 1;
    for (;; at++) {
      const sign = text[at];
      if (sign === undefined) return UNCLOSED;
      if (sign === quote) {
        if (text[at + 1] !== quote) break;
        at++;
      } else if (sign === "\\" && escapes) {
        // With the sql_mode NO_BACKSLASH_ESCAPES, and in names, the quote ends it.
        if (text[at + 1] === quote && this.#lexis.backslashEscapes) {
          return `a raw fragment holds \\${quote}, which some modes of the server read as the end ` +
            `of a string; write ${quote}${quote}`;
        }
        at++;
      } else if (sign === "\0") return "a raw fragment holds a NUL character";
    }
    if (text.slice(quoteAt, at).includes(NODE)) {
      return "a raw fragment holds a parameter inside a string; put it outside";
    }
    const prefixed = quoteAt > this.#at;
    this.#add("literal", at + 1);
    this.#escaped = prefixed && escapes;
    return undefined;
  }

  #readName(quote: string): string | undefined {
    const text = this.#text;
    let end = text.indexOf(quote, this.#at + 1);
    while (end !== -1 && text[end + 1] === quote && quote !== "]") {
      end = text.indexOf(quote, end + 2);
    }
    // SQL Server reads ]] as one bracket, SQLite as two: what both read alike has none.
    if (end === -1 || (quote === "]" && text[end + 1] === quote)) return UNCLOSED;
    const name = text.slice(this.#at, end);
    if (name.includes(NODE) || name.includes("\0")) {
      return "a raw fragment holds a parameter inside a quoted name; use sql.id()";
    }
    return this.#add("name", end + 1);
  }

  #readWord(length: number): string | undefined {
    const text = this.#text;
    const end = this.#at + length;
    const word = text.slice(this.#at, end);
    const next = text[end];
    if (next === "'" && (word === "e" || word === "E") && this.#lexis.prefixedEscapes) {
      return this.#readString("'", true, end);
    }
    if (next === "'" && /^[bnx]$/i.test(word)) {
      return this.#readString("'", this.#lexis.backslashEscapes, end);
    }
    if (/^u$/i.test(word) && next === "&" && text[end + 1] === '"' && this.#lexis.prefixedEscapes) {
      return 'a raw fragment holds a name with escapes (U&"..")';
    }
    return this.#add("word", end);
  }

  #readSign(sign: string): string | undefined {
    const next = this.#text[this.#at + 1];
    if (sign === this.#lexis.comment) return COMMENT;
    if ((sign === "-" && next === "-") || (sign === "/" && next === "*")) return COMMENT;
    if (sign === ";") return "a raw fragment holds a semicolon";
    if (sign === "\0") return "a raw fragment holds a NUL character";
    if (sign === "\\") return "a raw fragment holds a backslash outside a string";
    if (sign === "`") return UNCLOSED;
    if (this.#length(DOLLARS) > 0) {
      return "a raw fragment holds a string in dollar quotes; put it in single quotes";
    }
    if (this.#lexis.placeholders.includes(sign)) {
      return `a raw fragment holds a placeholder ("${sign}"); put the value there as \${value}`;
    }
    if (sign > "\x7e" || sign < " ") return CONTROL;
    if (sign === "(") this.#depth++;
    else if (sign === ")" && --this.#depth < (this.#floors.at(-1) ?? 0)) {
      return "a raw fragment closes a bracket that it did not open";
    }
    return this.#add("sign", this.#at + 1);
  }
}

const APART = /[\s(),=<>|+%:[\]&^~@?!]/;

/** Returns true if what a node is written as cannot run into the text on either side of it. */
function standsApart(
  node: OperationNode,
  before: string | undefined,
  after: string | undefined,
): boolean {
  const dots = isNameNode(node);
  return (before === undefined || APART.test(before) || (dots && before === ".")) &&
    (after === undefined || APART.test(after) || (dots && after === ".") ||
      (/[-*/]/.test(after) && (dots || CLOSED.has(node.kind))));
}

/** Nodes whose SQL ends with a bracket or a placeholder: no sign behind it makes a comment of it. */
const CLOSED: ReadonlySet<string> = new Set([
  "CastNode",
  "FunctionNode",
  "ParensNode",
  "SelectQueryNode",
  "ValueNode",
]);

/** Nodes that are written as a name. */
const NAMES: ReadonlySet<string> = new Set([
  "ColumnNode",
  "IdentifierNode",
  "ReferenceNode",
  "SchemableIdentifierNode",
  "TableNode",
]);

/** Returns true if a node is written as a name. */
export function isNameNode({ kind }: OperationNode): boolean {
  return NAMES.has(kind);
}
