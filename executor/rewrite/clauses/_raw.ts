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
import { partsOfName, readText } from "../../tree/_raw_text.ts";
import { problemOfFragment, problemOfJoint, problemOfSource } from "../raw/_fragment.ts";
import { problemOfTableFunction } from "../raw/_functions.ts";
import { problemOfStatement } from "../raw/_statement.ts";
import { frozen } from "../../tree/_children.ts";
import { tableOfName } from "../../tree/_table_name.ts";
import { visitChildren } from "../_visit_children.ts";

/**
 * Raw SQL: the queries among its parameters are rewritten; under `rawSql: "deny"` its text is read,
 * and refused unless it is an expression that names no table.
 */
export function rewriteRaw(node: RawNode, pass: Pass): RawNode {
  mustBeText(node);
  if (pass.rules.deniesRaw) {
    // sql.table(..) alone is a name: where it stands for a table, it is filtered as one.
    if (isNameOnly(node)) return visitChildren(node, pass);
    const problem = problemOfFragment(node, pass);
    if (problem !== undefined) throw new RawSqlError(problem);
    return visitParameters(node, pass);
  }
  refuseNul(node);
  return node.parameters.length === 0 ? node : visitChildren(node, pass);
}

/** Raw SQL that is a statement of its own: {@linkcode rewriteRaw}, except for what it may be. */
export function rewriteRawStatement(node: RawNode, pass: Pass): RawNode {
  mustBeText(node);
  if (!pass.rules.deniesRaw) return rewriteRaw(node, pass);
  const problem = problemOfStatement(node, pass);
  if (problem !== undefined) throw new RawSqlError(problem);
  return visitParameters(node, pass);
}

/**
 * Refuses, under `rawSql: "deny"`, what stands between two parts of a query and could make a call of
 * them: an operator, a direction of ORDER BY, a modifier.
 */
export function refuseOpenJoint(joint: OperationNode, pass: Pass): void {
  if (joint.kind === "OperatorNode") return;
  const problem = joint.kind === "RawNode"
    ? problemOfJoint(joint as RawNode, pass)
    : `a ${joint.kind} stands where an operator or a modifier belongs`;
  if (problem !== undefined) throw new RawSqlError(problem);
}

/** {@linkcode refuseOpenJoint} for the direction and the modifiers that a node holds. */
export function refuseOpenJoints(node: OperationNode, pass: Pass): void {
  const { direction, rawModifier, frontModifiers, endModifiers } = node as OperationNode & {
    readonly direction?: OperationNode;
    readonly rawModifier?: OperationNode;
    readonly frontModifiers?: readonly OperationNode[];
    readonly endModifiers?: readonly OperationNode[];
  };
  for (const joint of [direction, rawModifier, ...frontModifiers ?? [], ...endModifiers ?? []]) {
    if (joint !== undefined) refuseOpenJoint(joint, pass);
  }
}

/** What makes a string of itself could make another one when Kysely writes it. */
function mustBeText(node: RawNode): void {
  for (const fragment of node.sqlFragments) {
    if (typeof fragment !== "string") throw new RawSqlError("a raw fragment is not a string");
  }
  for (const parameter of node.parameters) {
    if (parameter.kind === "RawNode") mustBeText(parameter as RawNode);
  }
}

/** SQLite reads no further than a NUL: a predicate behind it would be cut off. */
function refuseNul(node: RawNode): void {
  if (node.sqlFragments.some((text) => text.includes("\0"))) {
    throw new RawSqlError("a raw fragment holds a NUL character");
  }
}

/** Visits what stands in raw SQL; the raw SQL in it has been read as a part of its text. */
function visitParameters(node: RawNode, pass: Pass): RawNode {
  let parameters: OperationNode[] | undefined;
  for (let i = 0; i < node.parameters.length; i++) {
    const parameter = node.parameters[i]!;
    const next = parameter.kind === "RawNode"
      ? visitParameters(parameter as RawNode, pass)
      : pass.visit(parameter);
    if (next === parameter) continue;
    parameters ??= [...node.parameters];
    parameters[i] = next;
  }
  return parameters === undefined ? node : frozen({ ...node, parameters });
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
  const problem = problemOfSource(raw, pass);
  if (problem !== undefined) throw new RawSqlError(problem);
}

/**
 * Refuses a raw fragment that goes on past its own expression by a comma, where that would name a
 * further table (after ON) or a further assignment (after SET).
 */
export function refuseOpenComma(node: OperationNode, pass: Pass): void {
  switch (node.kind) {
    case "RawNode": {
      let depth = 0;
      for (const token of readText(node as RawNode, pass.rules.traits).tokens ?? []) {
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

/** Refuses an alias that is not an identifier, unless it is raw SQL for a name, or one with columns. */
export function refuseOpenAlias(alias: OperationNode, pass: Pass): void {
  if (alias?.kind !== "RawNode") throw new RawSqlError("an alias is more than a name");
  const { tokens } = readText(alias as RawNode, pass.rules.traits);
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

/** Refuses a format of EXPLAIN that is not a word: Kysely writes it as it is given. */
export function refuseOpenFormat({ format }: ExplainNode): void {
  if (format === undefined || /^\w+$/.test(format)) return;
  throw new RawSqlError("a format of EXPLAIN is not a word");
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
  // FOR UPDATE and its like are not text of the user's.
  return node === undefined || (node.kind === "RawNode" && isClauseOrComment(node as RawNode));
}

/** Under `rawSql: "deny"`, refuses an end of any statement that is not a clause of its own. */
export function refuseRawEnd(
  modifiers: readonly OperationNode[] | undefined,
  pass: Pass,
): void {
  if (modifiers === undefined || !pass.rules.deniesRaw) return;
  if (!modifiers.every(isClosedEnd)) {
    throw new RawSqlError("a statement ends with raw SQL that is not a clause of its own");
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
  const parts = partsOfName(name, pass.rules.traits);
  const problem = parts === undefined
    ? `"${String(name)}" is called as a function, and is more than a name`
    : problemOfTableFunction(parts, pass);
  if (problem !== undefined) throw new RawSqlError(problem);
}
