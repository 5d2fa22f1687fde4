import type { AliasNode, FunctionNode, OperationNode, RawNode } from "kysely";
import type { Pass } from "../_pass.ts";
import { RawSqlError } from "../../contract/errors.ts";
import { frozen } from "../../tree/_children.ts";
import { partsOfName } from "../../tree/_function_name.ts";
import { readText } from "../../tree/_raw_text.ts";
import { tableOfName } from "../../tree/_table_name.ts";
import { problemOfFragment, problemOfJoint, problemOfSource } from "../raw/_fragment.ts";
import {
  problemOfArguments,
  problemOfFunction,
  problemOfTableFunction,
} from "../raw/_functions.ts";
import { problemOfStatement } from "../raw/_statement.ts";
import { visitChildren } from "../_visit_children.ts";

/**
 * Raw SQL under `rawSql: "deny"`: its text is read, and refused unless it is an expression that names
 * no table.
 */
export function readExpression(node: RawNode, pass: Pass): RawNode {
  // sql.table(..) alone is a name: where it stands for a table, it is filtered as one.
  if (isNameOnly(node)) return visitChildren(node, pass);
  const problem = problemOfFragment(node, pass);
  if (problem !== undefined) throw new RawSqlError(problem);
  return visitParameters(node, pass);
}

/** {@linkcode readExpression} for raw SQL that is a statement of its own. */
export function readStatement(node: RawNode, pass: Pass): RawNode {
  const problem = problemOfStatement(node, pass);
  if (problem !== undefined) throw new RawSqlError(problem);
  return visitParameters(node, pass);
}

/** Refuses a call whose name is more than a name, or that of a function that reads tables by name. */
export function refuseCall(name: string, args: readonly OperationNode[], pass: Pass): void {
  const problem = problemOfFunction(name, pass) ?? problemOfArguments(name, args, pass);
  if (problem !== undefined) throw new RawSqlError(problem);
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

function refuseTableFunction(name: string, pass: Pass): void {
  const parts = partsOfName(name, pass.rules.traits);
  const problem = parts === undefined
    ? `"${String(name)}" is called as a function, and is more than a name`
    : problemOfTableFunction(parts, pass);
  if (problem !== undefined) throw new RawSqlError(problem);
}
