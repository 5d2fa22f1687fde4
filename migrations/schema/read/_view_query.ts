import type { Lexis } from "../../sql/_lexis.ts";
import { type Token, tokensOf } from "../../sql/_tokens.ts";

/** A table or a view that a query reads. */
export interface Source {
  /** The name that columns are qualified with. */
  readonly alias: string;
  /** The table, with its schema where that is written; `undefined` where it is something else. */
  readonly table: readonly string[] | undefined;
  /** Whether an outer join may put NULL in place of its columns. */
  readonly isOptional: boolean;
}

/** What a column of a query is. */
export type Item =
  /** A column of a source, qualified or not. */
  | { readonly kind: "column"; readonly alias: string | undefined; readonly column: string }
  /** Something that is never NULL: a literal, or `count(..)`. */
  | { readonly kind: "value" }
  | { readonly kind: "other" };

/** A query, as far as it is needed to tell which of its columns can be NULL. */
export interface ViewQuery {
  readonly items: readonly Item[];
  readonly sources: readonly Source[];
  /** Whether the rows are grouped. */
  readonly isGrouped: boolean;
  /** Whether a function is called in the list of columns. */
  readonly callsFunction: boolean;
}

/** Words after which a query is more than one SELECT, or its columns are not those of its sources. */
const UNREADABLE: ReadonlySet<string> = new Set([
  "union",
  "intersect",
  "except",
  "rollup",
  "cube",
  "grouping",
]);
/** Words that end the list of sources. */
const AFTER_SOURCES: ReadonlySet<string> = new Set([
  "where",
  "group",
  "having",
  "window",
  "order",
  "limit",
  "offset",
  "fetch",
  "for",
]);
const JOINS: ReadonlySet<string> = new Set([
  "join",
  "left",
  "right",
  "full",
  "inner",
  "cross",
  "natural",
]);
/** Joins in which what stands before them cannot become NULL. */
const ONE_SIDED: ReadonlySet<string> = new Set(["join", "left", "inner", "cross", "outer"]);
/** Words that cannot be the alias of a source without `as`. */
const NO_ALIAS: ReadonlySet<string> = new Set([...JOINS, ...AFTER_SOURCES, "on", "using", "outer"]);

/**
 * Reads the query of a view; `undefined` where it is one of which this says nothing, such as a union,
 * or one with `with` or a right join.
 */
export function parseViewQuery(text: string, lexis: Lexis): ViewQuery | undefined {
  const tokens = [...tokensOf(text, lexis)].filter((token, i, all) =>
    !(isSign(token, ";") && i === all.length - 1)
  );
  if (!isWord(tokens[0], "select") || tokens.some(isUnreadable)) return undefined;
  let start = 1;
  if (isWord(tokens[start], "distinct") || isWord(tokens[start], "all")) start++;
  if (isWord(tokens[start], "on")) return undefined;
  const from = topLevel(tokens, start, (token) => isWord(token, "from"));
  const items = split(tokens.slice(start, from)).map(itemOf);
  const end = topLevel(
    tokens,
    from + 1,
    ({ kind, text }) => kind === "word" && AFTER_SOURCES.has(text),
  );
  const sources = sourcesOf(tokens.slice(from + 1, end));
  if (sources === undefined) return undefined;
  return {
    items,
    sources,
    isGrouped: isWord(tokens[topLevel(tokens, end, (token) => isWord(token, "group"))], "group"),
    callsFunction: tokens.slice(start, from)
      .some((token, i, list) => token.kind === "word" && isSign(list[i + 1], "(")),
  };
}

function isUnreadable({ kind, text }: Token): boolean {
  return kind === "word" && UNREADABLE.has(text);
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text === word;
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === "sign" && token.text === sign;
}

function isName(token: Token | undefined): boolean {
  return token?.kind === "name" || token?.kind === "word";
}

/** Returns the place of the first token outside of parentheses that a condition holds for. */
function topLevel(
  tokens: readonly Token[],
  start: number,
  matches: (token: Token) => boolean,
): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    if (depth === 0 && matches(tokens[i]!)) return i;
    if (isSign(tokens[i], "(")) depth++;
    else if (isSign(tokens[i], ")")) depth--;
  }
  return tokens.length;
}

/** Returns the parts between commas outside of parentheses. */
function split(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [];
  for (let at = 0; at <= tokens.length;) {
    const comma = topLevel(tokens, at, (token) => isSign(token, ","));
    parts.push(tokens.slice(at, comma));
    at = comma + 1;
  }
  return parts;
}

function itemOf(tokens: readonly Token[]): Item {
  const as = topLevel(tokens, 0, (token) => isWord(token, "as"));
  const [first, second, third, ...rest] = tokens.slice(0, as);
  if (isName(first) && second === undefined) {
    return isLiteralWord(first!)
      ? { kind: "other" }
      : { kind: "column", alias: undefined, column: first!.text };
  }
  if (isName(first) && isSign(second, ".") && isName(third) && rest.length === 0) {
    return { kind: "column", alias: first!.text, column: third!.text };
  }
  if (first?.kind === "string" || first?.kind === "number") {
    // `'text'::text`, a literal with its type
    const isCast = isSign(second, ":") && isSign(third, ":") && rest.every(isName);
    return { kind: second === undefined || isCast ? "value" : "other" };
  }
  if (isWord(first, "count") && isSign(second, "(")) {
    const close = topLevel(tokens, 2, (token) => isSign(token, ")"));
    return { kind: close === as - 1 ? "value" : "other" };
  }
  return { kind: "other" };
}

function isLiteralWord({ kind, text }: Token): boolean {
  return kind === "word" &&
    (text === "null" || text === "true" || text === "false" || text.startsWith("current_"));
}

/**
 * Returns the sources of FROM; `undefined` where a join may make each of them NULL, or something stands
 * there that is not known.
 */
function sourcesOf(tokens: readonly Token[]): Source[] | undefined {
  const sources: Source[] = [];
  let isOptional = false;
  let isExpected = true;
  for (let at = 0; at < tokens.length;) {
    const token = tokens[at]!;
    const word = token.kind === "word" ? token.text : "";
    if (isExpected && isSign(token, "(") && !isWord(tokens[at + 1], "select")) {
      // The parentheses of a join.
      at++;
    } else if (isExpected && !NO_ALIAS.has(word)) {
      const { source, end } = sourceAt(tokens, at, isOptional);
      sources.push(source);
      isExpected = false;
      at = end;
    } else if (word === "on") {
      at = endOfCondition(tokens, at + 1);
    } else if (isSign(token, ")")) {
      at++;
    } else if (isSign(token, ",") || ONE_SIDED.has(word)) {
      // What stands behind a left join may be inside of it, or beside it; it is not told apart.
      if (word === "left") isOptional = true;
      isExpected = true;
      at++;
    } else {
      return undefined;
    }
  }
  return sources;
}

function sourceAt(
  tokens: readonly Token[],
  start: number,
  isOptional: boolean,
): { source: Source; end: number } {
  const path: string[] = [];
  let at = start;
  let isTable = isName(tokens[at]) && !isWord(tokens[at], "lateral") && !isWord(tokens[at], "only");
  if (isTable) {
    path.push(tokens[at++]!.text);
    while (isSign(tokens[at], ".") && isName(tokens[at + 1])) {
      path.push(tokens[at + 1]!.text);
      at += 2;
    }
  } else {
    at++;
    // `lateral (select ..)`, or the query itself
    if (isSign(tokens[start], "(")) at = topLevel(tokens, at, (token) => isSign(token, ")")) + 1;
  }
  if (isSign(tokens[at], "(")) {
    isTable = false;
    at = topLevel(tokens, at + 1, (token) => isSign(token, ")")) + 1;
  }
  let alias = path.at(-1) ?? "";
  if (isWord(tokens[at], "as")) at++;
  const next = tokens[at];
  if (isName(next) && !(next!.kind === "word" && NO_ALIAS.has(next!.text))) {
    alias = next!.text;
    at++;
    // `as alias (a, b)` gives the columns other names
    if (isSign(tokens[at], "(")) {
      isTable = false;
      at = topLevel(tokens, at + 1, (token) => isSign(token, ")")) + 1;
    }
  }
  return { source: { alias, table: isTable ? path : undefined, isOptional }, end: at };
}

/** Returns where the condition of a join ends: at the next join, or what stands round this one. */
function endOfCondition(tokens: readonly Token[], start: number): number {
  return topLevel(
    tokens,
    start,
    (token) =>
      isSign(token, ",") || isSign(token, ")") || token.kind === "word" && JOINS.has(token.text),
  );
}
