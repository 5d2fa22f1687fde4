import type { AliasNode, OperationNode, ParensNode, RawNode } from "kysely";
import { flatten, type Token } from "../../tree/_raw_text.ts";
import type { Pass } from "../_pass.ts";

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

/**
 * What is wrong with a raw fragment under `rawSql: "deny"`: anything by which it could name a table,
 * or leave the place it was put in. When in doubt, there is.
 */
export function problemOf(raw: RawNode, pass: Pass): string | undefined {
  const tokens = flatten(raw, pass.rules.dialect);
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
      } else if (token.text === pass.rules.traits.lexis.comment) {
        return "a raw fragment holds a comment";
      } else if (token.text === "\\") {
        return "a raw fragment holds a backslash";
      }
    } else if (token.kind === "literal" && token.text.includes("\\")) {
      return "a raw fragment holds a backslash";
    } else if (token.kind === "node") {
      if (namesTable(token.node!, next, pass)) {
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
    if (pass.rules.traits.sources.inTakesTable && isWord(previous, "in") && mayNameTable(token)) {
      return "a raw fragment names a table after IN";
    }
  }
  if (pass.rules.traits.sources.inTakesTable && isWord(tokens.at(-1), "in")) {
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

function namesTable(node: OperationNode, next: Token | undefined, pass: Pass): boolean {
  if (node.kind === "AliasNode") return namesTable((node as AliasNode).node, undefined, pass);
  if (node.kind !== "TableNode" || next?.text === ".") return false;
  const { table } = node as OperationNode & {
    table: { schema?: { name: string }; identifier: { name: string } };
  };
  return pass.isGuarded(table.identifier.name, table.schema?.name);
}

/** Whether a function reads tables, or runs SQL, that its arguments name. */
export function readsByName(name: string): boolean {
  return READERS.test(name.toLowerCase().split(".").at(-1)!);
}
