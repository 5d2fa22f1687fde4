import type { AliasNode, OperationNode, ParensNode, RawNode } from "kysely";
import type { Guard } from "../hooks/_rules.ts";
import type { DialectName } from "../contract/plugin.ts";

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
  "straight_join",
  "table",
  "tablesample",
  "truncate",
  "update",
]);

/** Functions that run the SQL, or read the table or file, that an argument names. */
const READERS =
  /^(?:query_to_xml\w*|table_to_xml\w*|schema_to_xml\w*|database_to_xml\w*|cursor_to_xml\w*|dblink\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table|load_extension|load_file|readfile|edit|eval|lo_\w+|pg_read_\w+|pg_logical_slot_\w+|pg_logical_emit_message|get_raw_page)$/;

/** Functions in whose brackets FROM is a preposition. */
const FROM_FUNCTIONS: ReadonlySet<string> = new Set(["extract", "overlay", "substring", "trim"]);

const QUOTED: Readonly<Record<DialectName, string>> = {
  postgres: `"(?:[^"]|"")*"`,
  mysql: "`(?:[^`]|``)*`",
  sqlite: '"(?:[^"]|"")*"|`(?:[^`]|``)*`|\\[[^\\]]*\\]',
  mssql: '"(?:[^"]|"")*"|\\[(?:[^\\]]|\\]\\])*\\]',
};

/** Stands in the text for a node that is no raw SQL; from a private use area of Unicode. */
const NODE = "\u{F0000}";

const TOKENS: Readonly<Record<DialectName, RegExp>> = {
  postgres: tokenPattern("postgres"),
  mysql: tokenPattern("mysql"),
  sqlite: tokenPattern("sqlite"),
  mssql: tokenPattern("mssql"),
};

function tokenPattern(dialect: DialectName): RegExp {
  // MySQL reads "..." as a string unless it is told otherwise.
  const doubled = dialect === "mysql" ? `|"(?:[^"]|"")*"` : "";
  return new RegExp(
    "(?<space>\\s+)" +
      "|(?<bad>--|/\\*|;|\\0|\\$[\\p{L}_]?[\\p{L}\\p{N}_]*\\$)" +
      `|(?<literal>(?:\\b[eEbBxXnN])?'(?:[^']|'')*'${doubled}|(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?(?![\\p{L}\\p{N}_$.]))` +
      `|(?<name>${QUOTED[dialect]})` +
      `|(?<node>${NODE})` +
      "|(?<word>[\\p{L}_][\\p{L}\\p{N}_$]*)" +
      "|(?<sign>[^\\s'\"`\\d])",
    "uy",
  );
}

/**
 * Reads a raw fragment and those inside it as one run of tokens: as one text, as the database does.
 *
 * @returns `undefined` where the text cannot be read for sure: comments, several statements, dollar
 * quotes, a quotation that is not closed, a number that runs into a word, a node that is not set
 * apart from the text beside it
 */
export function flatten(raw: RawNode, dialect: DialectName): Token[] | undefined {
  const nodes: OperationNode[] = [];
  const text = textOf(raw, nodes);
  const tokens: Token[] = [];
  const pattern = TOKENS[dialect];
  pattern.lastIndex = 0;
  let next = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined || groups["bad"] !== undefined) return undefined;
    if (groups["space"] !== undefined) continue;
    if (groups["node"] !== undefined) {
      const node = nodes[next++]!;
      if (!standsApart(node, text, start, pattern.lastIndex)) return undefined;
      tokens.push({ kind: "node", text: "", node });
      continue;
    }
    for (const kind of ["literal", "name", "word", "sign"] as const) {
      const found = groups[kind];
      if (found === undefined) continue;
      if (found.includes(NODE)) return undefined;
      tokens.push({ kind, text: found });
    }
  }
  return next === nodes.length ? tokens : undefined;
}

/** The text of raw SQL, and of the raw SQL inside it, as the database reads it. */
export function textOf(raw: RawNode, nodes: OperationNode[]): string {
  let text = "";
  for (let i = 0; i < raw.sqlFragments.length; i++) {
    text += raw.sqlFragments[i]!;
    const node = raw.parameters[i];
    if (node === undefined) continue;
    if (node.kind === "RawNode") text += textOf(node as RawNode, nodes);
    else {
      nodes.push(node);
      text += NODE;
    }
  }
  return text;
}

/** Whether what a node is written as cannot run into the text on either side of it. */
function standsApart(node: OperationNode, text: string, start: number, end: number): boolean {
  const before = text.slice(0, start).at(-1);
  const after = text.slice(end).at(0);
  const dots = NAMES.has(node.kind);
  return (before === undefined || /[\s(),=<>|+%:[\]&^~@?!]/.test(before) ||
    (dots && before === ".")) &&
    (after === undefined || /[\s(),=<>|+%:[\]&^~@?!]/.test(after) || (dots && after === ".") ||
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

/**
 * What is wrong with a raw fragment under `rawSql: "deny"`: anything by which it could name a table,
 * or leave the place it was put in. When in doubt, there is.
 */
export function problemOf(raw: RawNode, guard: Guard): string | undefined {
  const tokens = flatten(raw, guard.dialect);
  if (tokens === undefined) {
    return "a raw fragment holds a comment, a semicolon, a quotation that is not closed, or a " +
      "number that runs into a word";
  }
  // What Kysely writes for an action of MERGE.
  if (tokens.length === 1 && tokens[0]!.text === "delete") return undefined;
  const relations = relationReads(tokens);
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
      if (namesTable(token.node!, next, guard)) {
        return "a raw fragment names a guarded table";
      }
    } else if (token.kind === "name") {
      if (next?.text === "(" && READERS.test(token.text.slice(1, -1).toLowerCase())) {
        return `a raw fragment calls ${token.text}, which reads tables by name`;
      }
    } else if (token.kind === "word" && !relations.has(i)) {
      const before = tokens.slice(Math.max(0, i - 4), i);
      const problem = problemOfWord(token.text.toLowerCase(), before, next, openers);
      if (problem !== undefined) return problem;
    }
    if (guard.dialect === "sqlite" && isWord(previous, "in") && mayNameTable(token)) {
      return "a raw fragment names a table after IN";
    }
  }
  if (guard.dialect === "sqlite" && isWord(tokens.at(-1), "in")) {
    return "a raw fragment ends in IN, behind which a name is a table";
  }
  return openers.length > 0 ? "a raw fragment opens a bracket that it does not close" : undefined;
}

function problemOfWord(
  word: string,
  before: readonly Token[],
  next: Token | undefined,
  openers: readonly string[],
): string | undefined {
  const [fourth, third, second, previous] = [-4, -3, -2, -1].map((i) => before.at(i));
  // A name behind another's dot is a column, whatever it is called; a call is a function all the same.
  const qualifies = second?.kind === "word" || second?.kind === "name" || second?.kind === "node";
  if (previous?.text === "." && qualifies && next?.text !== "(") return undefined;
  if (STATEMENTS.has(word)) {
    const locks = word === "update" &&
      (isWord(previous, "for") || (isWord(previous, "key") && isWord(second, "no")));
    const references = (word === "update" || word === "delete") && isWord(previous, "on");
    if (!locks && !references) return `a raw fragment holds "${word}"`;
  }
  if (word === "from") {
    const opener = openers[openers.length - 1];
    // IS [NOT] DISTINCT FROM, and no columns of those names.
    const compares = isWord(previous, "distinct") &&
      ((isWord(second, "is") && third?.text !== ".") ||
        (isWord(second, "not") && isWord(third, "is") && fourth?.text !== "."));
    if (!compares && !FROM_FUNCTIONS.has(opener ?? "")) {
      return `a raw fragment holds "from"`;
    }
  }
  if (word === "using" && openers.length === 0) return `a raw fragment holds "using"`;
  if (next?.text === "(" && READERS.test(word)) {
    return `a raw fragment calls "${word}", which reads tables by name`;
  }
  return undefined;
}

/**
 * The words SELECT and FROM of `(select .. from <query> as name)`, where the query is one of
 * Kysely's, and so rewritten: it is how Kysely's own helpers (`jsonArrayFrom` and its like) read
 * relations.
 */
function relationReads(tokens: readonly Token[]): ReadonlySet<number> {
  const found = new Set<number>();
  for (let i = 1; i < tokens.length; i++) {
    if (!isWord(tokens[i], "select") || tokens[i - 1]!.text !== "(") continue;
    const from = indexAtDepth(tokens, i + 1, (token) => isWord(token, "from"));
    if (from === undefined || !isQuery(tokens[from + 1]?.node)) continue;
    const end = indexAtDepth(tokens, from + 2, (token) => token.text === ")");
    const rest = tokens.slice(from + 2, end).map(({ text }) => text.toLowerCase()).join(" ");
    if (end !== undefined && RELATION_END.test(rest)) found.add(i).add(from);
  }
  return found;
}

const RELATION_END =
  /^(?:as [\p{L}_][\p{L}\p{N}_]*)?(?: for json path(?: , (?:include_null_values|without_array_wrapper))*)?$/u;

/** The next token of the same depth that fits. */
function indexAtDepth(
  tokens: readonly Token[],
  start: number,
  fits: (token: Token) => boolean,
): number | undefined {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (depth === 0 && fits(token)) return i;
    if (token.text === "(") depth++;
    else if (token.text === ")" && --depth < 0) return undefined;
  }
  return undefined;
}

function isQuery(node: OperationNode | undefined): boolean {
  switch (node?.kind) {
    case "SelectQueryNode":
      return true;
    case "AliasNode":
      return isQuery((node as AliasNode).node);
    case "ParensNode":
      return isQuery((node as ParensNode).node);
    default:
      return false;
  }
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.toLowerCase() === word;
}

/** SQLite takes a name, and even a string, after IN for a table. */
function mayNameTable(token: Token): boolean {
  if (token.kind === "word" || token.kind === "name") return true;
  if (token.kind === "literal") return token.text.startsWith("'");
  const kind = token.node?.kind;
  return kind === "AliasNode" || kind === "TableNode" || kind === "IdentifierNode" ||
    kind === "ReferenceNode" ||
    kind === "ColumnNode" || kind === "SchemableIdentifierNode" || kind === "FunctionNode" ||
    kind === "AggregateFunctionNode" ||
    (kind === "ValueNode" &&
      (token.node as OperationNode & { immediate?: boolean }).immediate === true);
}

function namesTable(node: OperationNode, next: Token | undefined, guard: Guard): boolean {
  if (node.kind === "AliasNode") return namesTable((node as AliasNode).node, undefined, guard);
  if (node.kind !== "TableNode" || next?.text === ".") return false;
  const { table } = node as OperationNode & {
    table: { schema?: { name: string }; identifier: { name: string } };
  };
  return guard.plan(table.identifier.name, table.schema?.name) !== undefined;
}

/** Words of SQL's grammar that no function has for a name, and that would be read as themselves. */
const KEYWORDS: ReadonlySet<string> = new Set([
  "and",
  "as",
  "between",
  "case",
  "except",
  "from",
  "having",
  "in",
  "intersect",
  "into",
  "is",
  "join",
  "like",
  "limit",
  "not",
  "on",
  "or",
  "select",
  "straight_join",
  "table",
  "union",
  "using",
  "where",
  "xor",
]);

/** Whether a function's name is a name, and no SQL of its own. */
export function isPlainFunction(name: string): boolean {
  return !KEYWORDS.has(name.toLowerCase()) &&
    /^[\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)*$/u.test(name);
}

/** Whether a function reads tables, or runs SQL, that its arguments name. */
export function readsByName(name: string): boolean {
  return READERS.test(name.toLowerCase().split(".").at(-1)!);
}
