import type { OperationNode, RawNode } from "kysely";
import type { Guard } from "../_guard.ts";

/** A piece of raw SQL: a word, a quoted name, a literal, a sign, or a node between fragments. */
export interface Token {
  readonly kind: "word" | "name" | "literal" | "sign" | "node";
  readonly text: string;
  readonly node?: OperationNode;
}

/** Words that begin a statement, or name a table, wherever they stand. */
const STATEMENTS: ReadonlySet<string> = new Set([
  "call",
  "copy",
  "delete",
  "exec",
  "execute",
  "handler",
  "insert",
  "into",
  "join",
  "lateral",
  "merge",
  "opendatasource",
  "openquery",
  "openrowset",
  "select",
  "table",
  "tablesample",
  "truncate",
  "update",
]);

/** Functions that run the SQL, or read the table, that an argument names. */
const READERS =
  /^(?:query_to_xml\w*|table_to_xml\w*|schema_to_xml\w*|database_to_xml\w*|cursor_to_xml\w*|dblink\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table|load_extension|edit)$/;

/** Functions in whose brackets FROM is a preposition. */
const FROM_FUNCTIONS: ReadonlySet<string> = new Set(["extract", "overlay", "substring", "trim"]);

const TOKEN =
  /(?<space>\s+)|(?<bad>--|\/\*|;|\$[\p{L}_]?[\p{L}\p{N}_]*\$)|(?<literal>[eEbBxXnN]?'(?:[^']|'')*'|\d[\w.]*)|(?<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[\p{L}_][^\]]*\])|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<sign>[^\s'"`])/uy;

/**
 * Reads a raw fragment and those inside it as one run of tokens.
 *
 * @returns `undefined` where the text cannot be read for sure: comments, several statements, dollar
 * quotes, a quotation that is not closed
 */
export function flatten(raw: RawNode): Token[] | undefined {
  const tokens: Token[] = [];
  return read(raw, tokens) ? tokens : undefined;
}

function read(raw: RawNode, tokens: Token[]): boolean {
  for (let i = 0; i < raw.sqlFragments.length; i++) {
    if (!readText(raw.sqlFragments[i]!, tokens)) return false;
    const node = raw.parameters[i];
    if (node === undefined) continue;
    if (node.kind !== "RawNode") tokens.push({ kind: "node", text: "", node });
    else if (!read(node as RawNode, tokens)) return false;
  }
  return true;
}

function readText(text: string, tokens: Token[]): boolean {
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined || groups["bad"] !== undefined) return false;
    if (groups["space"] !== undefined) continue;
    for (const kind of ["literal", "name", "word", "sign"] as const) {
      const found = groups[kind];
      if (found !== undefined) tokens.push({ kind, text: found });
    }
  }
  return true;
}

/**
 * What is wrong with a raw fragment under `rawSql: "deny"`: anything by which it could name a table,
 * or leave the place it was put in. When in doubt, there is.
 */
export function problemOf(raw: RawNode, guard: Guard): string | undefined {
  const tokens = flatten(raw);
  if (tokens === undefined) {
    return "a raw fragment holds a comment, a semicolon, or a quotation that is not closed";
  }
  const openers: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const previous = tokens[i - 1];
    const next = tokens[i + 1];
    if (token.kind === "sign") {
      if (token.text === "(") {
        openers.push(previous?.kind === "word" ? previous.text.toLowerCase() : "");
      } else if (token.text === ")" && openers.pop() === undefined) {
        return "a raw fragment closes a bracket that it did not open";
      } else if (token.text === "#" && guard.dialect === "mysql") {
        return "a raw fragment holds a comment";
      } else if (token.text === "\\") {
        return "a raw fragment holds a backslash";
      }
    } else if (token.kind === "literal" && token.text.includes("\\")) {
      return "a raw fragment holds a backslash";
    } else if (token.kind === "node") {
      if (isUnqualifiedTable(token.node!, next, guard)) {
        return "a raw fragment names a guarded table";
      }
    } else if (token.kind === "word") {
      const problem = problemOfWord(token.text.toLowerCase(), previous, next, openers);
      if (problem !== undefined) return problem;
    }
    if (guard.dialect === "sqlite" && followsIn(previous) && isName(token)) {
      return "a raw fragment names a table after IN";
    }
  }
  return openers.length > 0 ? "a raw fragment opens a bracket that it does not close" : undefined;
}

function problemOfWord(
  word: string,
  previous: Token | undefined,
  next: Token | undefined,
  openers: readonly string[],
): string | undefined {
  const before = previous?.kind === "word" ? previous.text.toLowerCase() : "";
  // A name between dots is a column, whatever it is called.
  if (previous?.text === "." && next?.text !== "(") return undefined;
  if (STATEMENTS.has(word)) {
    const isClause = (word === "update" && (before === "for" || before === "key")) ||
      ((word === "update" || word === "delete") && before === "on");
    if (!isClause) return `a raw fragment holds "${word}"`;
  }
  if (word === "from") {
    const opener = openers[openers.length - 1];
    if (before !== "distinct" && !FROM_FUNCTIONS.has(opener ?? "")) {
      return `a raw fragment holds "from"`;
    }
  }
  if (word === "using" && openers.length === 0) return `a raw fragment holds "using"`;
  if (next?.text === "(" && READERS.test(word)) {
    return `a raw fragment calls "${word}", which reads tables by name`;
  }
  return undefined;
}

function followsIn(previous: Token | undefined): boolean {
  return previous?.kind === "word" && previous.text.toLowerCase() === "in";
}

function isName(token: Token): boolean {
  if (token.kind === "word" || token.kind === "name") return true;
  const kind = token.node?.kind;
  return kind === "TableNode" || kind === "IdentifierNode" || kind === "ReferenceNode" ||
    kind === "ColumnNode" || kind === "SchemableIdentifierNode";
}

function isUnqualifiedTable(node: OperationNode, next: Token | undefined, guard: Guard): boolean {
  if (node.kind !== "TableNode" || next?.text === ".") return false;
  const { table } = node as OperationNode & {
    table: { schema?: { name: string }; identifier: { name: string } };
  };
  return guard.plan(table.identifier.name, table.schema?.name) !== undefined;
}

/** Whether a function's name is a name, and not SQL of its own, nor one that reads tables by name. */
export function isPlainFunction(name: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)*$/u.test(name) &&
    !READERS.test(name.toLowerCase());
}
