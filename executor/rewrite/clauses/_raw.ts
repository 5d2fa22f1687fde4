import type {
  AliasNode,
  ExplainNode,
  FunctionNode,
  OperationNode,
  RawNode,
  SelectModifierNode,
} from "kysely";
import type { Pass } from "../_pass.ts";
import { QueryRefusedError, RawSqlError } from "../../contract/errors.ts";
import { flatten, type Token } from "../../tree/_raw_text.ts";
import { problemOf } from "./_raw_problem.ts";
import { tableOfName } from "../../tree/_table_name.ts";
import { visitChildren } from "../_visit_children.ts";

/** Functions that give rows of their arguments, and read no table. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  "generate_series",
  "generate_subscripts",
  "json_array_elements",
  "json_array_elements_text",
  "json_each",
  "json_each_text",
  "json_object_keys",
  "json_populate_record",
  "json_populate_recordset",
  "json_table",
  "json_to_record",
  "json_to_recordset",
  "json_tree",
  "jsonb_array_elements",
  "jsonb_array_elements_text",
  "jsonb_each",
  "jsonb_each_text",
  "jsonb_object_keys",
  "jsonb_path_query",
  "jsonb_populate_record",
  "jsonb_populate_recordset",
  "jsonb_to_record",
  "jsonb_to_recordset",
  "openjson",
  "regexp_matches",
  "regexp_split_to_table",
  "string_split",
  "string_to_table",
  "unnest",
]);

/** SQLite's `pragma_..` functions, which Kysely's introspector reads; they show no rows of tables. */
const PRAGMA = /^pragma_[a-z_]+$/;

/**
 * Raw SQL: the queries among its parameters are rewritten; under `rawSql: "deny"` its text is read,
 * and refused unless it is an expression that names no table.
 */
export function rewriteRaw(node: RawNode, pass: Pass): RawNode {
  if (pass.rules.deniesRaw) {
    // sql.table(..) alone is a name: where it stands for a table, it is filtered as one.
    if (isNameOnly(node)) return node;
    const problem = problemOf(node, pass);
    if (problem !== undefined) throw new RawSqlError(problem);
  } else if (node.sqlFragments.some((text) => text.includes("\0"))) {
    // SQLite reads no further than a NUL: a predicate behind it would be cut off.
    throw new RawSqlError("a raw fragment holds a NUL character");
  }
  return node.parameters.length === 0 ? node : visitChildren(node, pass);
}

/** Whether a raw node has no text of its own but the dots between names. */
function isNameOnly(raw: RawNode): boolean {
  return raw.sqlFragments.every((text) => text.trim() === "" || text === ".") &&
    raw.parameters.every(({ kind }) =>
      kind === "TableNode" || kind === "IdentifierNode" || kind === "ReferenceNode"
    );
}

/** Refuses an item of FROM, a join or a target whose SQL may name any table. */
export function refuseOpaque(item: OperationNode, pass: Pass): void {
  const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  if (node.kind === "TableNode") return;
  if (node.kind === "FunctionNode" || node.kind === "AggregateFunctionNode") {
    refuseTableFunction((node as FunctionNode).func, pass);
    return;
  }
  if (node.kind !== "RawNode") return;
  const raw = node as RawNode;
  if (isNameOnly(raw) && tableOfName(raw, pass.rules.traits) !== undefined) return;
  const tokens = flatten(raw, pass.rules.dialect);
  const call = tokens === undefined ? undefined : calledFunction(tokens);
  if (call === undefined) {
    throw new RawSqlError("a raw fragment stands where a table is named");
  }
  refuseTableFunction(call, pass);
}

/**
 * Refuses a raw fragment that goes on past its own expression by a comma, where that would name a
 * further table (after ON) or a further assignment (after SET).
 */
export function refuseOpenComma(node: OperationNode, pass: Pass): void {
  switch (node.kind) {
    case "RawNode": {
      let depth = 0;
      for (const token of flatten(node as RawNode, pass.rules.dialect) ?? []) {
        if (token.text === "(") depth++;
        else if (token.text === ")") depth--;
        else if (token.text === "," && depth === 0) {
          throw new RawSqlError("a raw fragment holds a comma outside brackets");
        }
      }
      return;
    }
    case "AndNode":
    case "OrNode":
    case "BinaryOperationNode":
    case "UnaryOperationNode":
    case "OnNode":
    case "ColumnUpdateNode":
      for (const child of Object.values(node)) {
        if (typeof child === "object" && child !== null && "kind" in child) {
          refuseOpenComma(child as OperationNode, pass);
        }
      }
  }
}

/** Refuses an alias that is raw SQL, unless it is a name, or a name and a list of columns. */
export function refuseOpenAlias(alias: OperationNode, pass: Pass): void {
  if (alias.kind !== "RawNode") return;
  const tokens = flatten(alias as RawNode, pass.rules.dialect);
  const [name, open] = tokens ?? [];
  const named = name?.kind === "word" || name?.kind === "name" ||
    name?.node?.kind === "IdentifierNode";
  const closes = tokens !== undefined && open?.text === "(" &&
    tokens.findIndex((token) => token.text === ")") === tokens.length - 1;
  if (!named || (open !== undefined && !closes)) {
    throw new RawSqlError("an alias is more than a name");
  }
}

/** Refuses a column of SET that is more than the name of one. */
export function refuseOpenColumn(column: OperationNode, pass: Pass): void {
  if (tableOfName(column, pass.rules.traits) === undefined) {
    throw new RawSqlError("a column that is set is more than a name");
  }
}

/** Refuses a format of EXPLAIN that is no word: Kysely writes it as it is given. */
export function refuseOpenFormat({ format }: ExplainNode): void {
  if (format === undefined || /^\w+$/.test(format)) return;
  throw new RawSqlError("a format of EXPLAIN is no word");
}

/** Clauses that may follow a WHERE; anything else would go on with its condition. */
const CLAUSES =
  /^\s*(?:for|fetch|group|having|intersect|except|limit|lock|offset|option|order|output|returning|union|window)\b/i;

/**
 * Refuses what a user's raw SQL at the end of a statement could make of the predicate before it:
 * `modifyEnd(sql\`or true\`)`.
 */
export function refuseOpenEnd(
  modifiers: readonly OperationNode[] | undefined,
  table: string | undefined,
): void {
  if (modifiers === undefined || modifiers.every(isClosedEnd)) return;
  throw new QueryRefusedError(
    "Cannot filter a statement whose end is raw SQL that goes on with its condition; begin the " +
      "raw SQL with a clause (limit, for update, returning, ..)",
    "UNSUPPORTED",
    table,
  );
}

function isClosedEnd(modifier: OperationNode): boolean {
  const node = modifier.kind === "SelectModifierNode"
    ? (modifier as SelectModifierNode).rawModifier
    : modifier;
  // FOR UPDATE and its like are no text of the user's.
  return node === undefined || (node.kind === "RawNode" && isClauseOrComment(node as RawNode));
}

/** Under `rawSql: "deny"`, refuses an end of any statement that is no clause of its own. */
export function refuseRawEnd(
  modifiers: readonly OperationNode[] | undefined,
  pass: Pass,
): void {
  if (modifiers === undefined || !pass.rules.deniesRaw) return;
  if (!modifiers.every(isClosedEnd)) {
    throw new RawSqlError("a statement ends with raw SQL that is no clause of its own");
  }
}

/** One comment, with none inside it; MySQL runs what stands in a comment that begins with `!`. */
const COMMENT = /^\s*\/\*(?!M?!)(?:(?!\*\/|\/\*)[\s\S])*\*\/\s*$/;

function isClauseOrComment(raw: RawNode): boolean {
  const { sqlFragments, parameters } = raw;
  if (parameters.length === 0 && COMMENT.test(sqlFragments.join(""))) return true;
  return CLAUSES.test(firstText(raw));
}

/** The text that a raw node begins with. */
function firstText(raw: RawNode): string {
  const [text, first] = [raw.sqlFragments[0] ?? "", raw.parameters[0]];
  return text.trim() === "" && first?.kind === "RawNode" ? firstText(first as RawNode) : text;
}

function refuseTableFunction(name: string, pass: Pass): void {
  const key = name.toLowerCase();
  if (TABLE_FUNCTIONS.has(key) || PRAGMA.test(key) || pass.rules.tableFunctions.has(key)) return;
  throw new RawSqlError(
    `function "${name}" stands where a table is named, and may read any; name it in the option ` +
      `"tableFunctions" if it reads no guarded table`,
  );
}

/** The name of the function, where the whole text is one call of it. */
function calledFunction(tokens: readonly Token[]): string | undefined {
  const [name, open] = tokens;
  if (name?.kind !== "word" || open?.text !== "(") return undefined;
  let depth = 0;
  for (let i = 1; i < tokens.length; i++) {
    const { text } = tokens[i]!;
    if (text === "(") depth++;
    else if (text === ")" && --depth === 0) {
      const rest = tokens.slice(i + 1).map((token) => token.text.toLowerCase()).join(" ");
      return rest === "" || rest === "with ordinality" ? name.text : undefined;
    }
  }
  return undefined;
}
