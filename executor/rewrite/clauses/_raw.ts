import type { ExplainNode, OperationNode, RawNode, SelectModifierNode } from "kysely";
import type { Pass } from "../_pass.ts";
import { QueryRefusedError, RawSqlError } from "../../contract/errors.ts";
import { visitChildren } from "../_visit_children.ts";

/**
 * Raw SQL: the queries among its parameters are rewritten; under `rawSql: "deny"` its text is read,
 * and refused unless it is an expression that names no table (`_raw_denied.ts`).
 */
export function rewriteRaw(node: RawNode, pass: Pass): RawNode {
  mustBeText(node);
  const { raw } = pass.rules.parts;
  if (raw !== undefined) return raw.readExpression(node, pass);
  refuseNul(node);
  return node.parameters.length === 0 ? node : visitChildren(node, pass);
}

/** Raw SQL that is a statement of its own: {@linkcode rewriteRaw}, except for what it may be. */
export function rewriteRawStatement(node: RawNode, pass: Pass): RawNode {
  mustBeText(node);
  const { raw } = pass.rules.parts;
  return raw === undefined ? rewriteRaw(node, pass) : raw.readStatement(node, pass);
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
