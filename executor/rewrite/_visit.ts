import type { OperationNode } from "kysely";
import type { Guard } from "../_guard.ts";
import { rewriteMarked } from "../_mark.ts";
import { rewriteDelete } from "./_delete.ts";
import { rewriteFunction } from "./_function.ts";
import { rewriteInOperand } from "./_in_operand.ts";
import { rewriteInsert } from "./_insert.ts";
import { rewriteMerge } from "./_merge.ts";
import { rewriteRaw } from "./_raw.ts";
import type { Scope } from "./_scope.ts";
import { rewriteSelect } from "./_select.ts";
import { rewriteUpdate } from "./_update.ts";

/** What to do with a node: it, or what takes its place. Never changes the node itself. */
export type Rule = (node: any, scope: Scope | undefined, guard: Guard) => OperationNode;

const leave: Rule = (node) => node;

/**
 * The rules: how each kind of node is rewritten. A kind that is not listed has its children visited.
 *
 * | statement | rule                                                                         |
 * | --------- | ---------------------------------------------------------------------------- |
 * | SELECT    | `_select.ts`: each table reference filtered where it stands                  |
 * | UPDATE    | `_update.ts`: target, FROM and joins filtered                                |
 * | DELETE    | `_delete.ts`: target, USING and joins filtered; or made an UPDATE, or refused |
 * | INSERT    | `_insert.ts`: sources filtered; DO UPDATE filtered; what cannot be is refused |
 * | MERGE     | `_merge.ts`: source and target filtered                                      |
 * | raw SQL   | `_raw.ts`: its parameters visited; under `rawSql: "deny"` read, and refused  |
 *
 * The leaves hold names and the user's values: nothing in them is ever taken for a node.
 */
const RULES: Readonly<Record<string, Rule | undefined>> = {
  SelectQueryNode: marked(rewriteSelect),
  UpdateQueryNode: marked(rewriteUpdate),
  DeleteQueryNode: marked(rewriteDelete),
  InsertQueryNode: marked(rewriteInsert),
  MergeQueryNode: marked(rewriteMerge),
  RawNode: rewriteRaw,
  BinaryOperationNode: rewriteInOperand,
  FunctionNode: rewriteFunction,
  AggregateFunctionNode: rewriteFunction,
  ValueNode: leave,
  PrimitiveValueListNode: leave,
  IdentifierNode: leave,
  SchemableIdentifierNode: leave,
  ColumnNode: leave,
  TableNode: leave,
  ReferenceNode: leave,
  SelectAllNode: leave,
  OperatorNode: leave,
  DataTypeNode: leave,
  DefaultInsertValueNode: leave,
  JSONPathLegNode: leave,
};

/**
 * Rewrites a node and everything below it.
 *
 * @param node the node; it is not changed
 * @param scope the CTE names visible here
 * @param guard the plugins, for one handle
 * @returns the same node where nothing below it had to change
 */
export function visit(
  node: OperationNode,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode {
  const rule = RULES[node.kind];
  return rule === undefined ? visitChildren(node, scope, guard) : rule(node, scope, guard);
}

/**
 * Visits the children of a node.
 *
 * @param skip names of children that the caller sees to itself
 */
export function visitChildren<T extends OperationNode>(
  node: T,
  scope: Scope | undefined,
  guard: Guard,
  skip?: ReadonlySet<string>,
): T {
  let out: Record<string, unknown> | undefined;
  // The children of a node are its properties; which ones there are is the node's own business.
  const children = node as unknown as Record<string, unknown>;
  for (const key in children) {
    const value = children[key];
    if (typeof value !== "object" || value === null) continue;
    if (skip !== undefined && skip.has(key)) continue;
    const next = visitValue(value, scope, guard);
    if (next !== value) {
      out ??= { ...children };
      out[key] = next;
    }
  }
  return out === undefined ? node : out as unknown as T;
}

/** Visits a list of nodes; gives the same list where none of them had to change. */
export function visitList<T>(
  nodes: readonly T[],
  scope: Scope | undefined,
  guard: Guard,
): readonly T[] {
  let out: unknown[] | undefined;
  for (let i = 0; i < nodes.length; i++) {
    const node: unknown = nodes[i];
    if (typeof node !== "object" || node === null) continue;
    const next = visitValue(node, scope, guard);
    if (next !== node) {
      out ??= nodes.slice();
      out[i] = next;
    }
  }
  return out === undefined ? nodes : out as T[];
}

function visitValue(value: object, scope: Scope | undefined, guard: Guard): unknown {
  if (Array.isArray(value)) return visitList(value, scope, guard);
  return "kind" in value ? visit(value as OperationNode, scope, guard) : value;
}

/** A query that a handle has rewritten already is taken back to what its user wrote, first. */
function marked(rule: Rule): Rule {
  return (node, scope, guard) => rewriteMarked(node, scope, guard) ?? rule(node, scope, guard);
}
