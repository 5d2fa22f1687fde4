import type {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnUpdateNode,
  DeleteQueryNode,
  ExplainNode,
  FunctionNode,
  InsertQueryNode,
  MergeQueryNode,
  OnNode,
  OperationNode,
  OrNode,
  ParensNode,
  RawNode,
  RootOperationNode,
  SelectionNode,
  SelectQueryNode,
  UnaryOperationNode,
  UpdateQueryNode,
  WhereNode,
} from "kysely";
import type { Guard } from "../hooks/_rules.ts";
import { rewriteMarked } from "../instance/_provenance.ts";
import { rewriteDelete } from "./statements/_delete.ts";
import { rewriteFunction } from "./clauses/_function.ts";
import { rewriteInOperand } from "./clauses/_in_operand.ts";
import { rewriteInsert } from "./statements/_insert.ts";
import { rewriteMerge } from "./statements/_merge.ts";
import { freezeBelow, frozen } from "../tree/_nodes.ts";
import { refuseOpenAlias, refuseOpenColumn, refuseOpenFormat, rewriteRaw } from "./clauses/_raw.ts";
import type { Scope } from "./_with.ts";
import { rewriteSelect } from "./statements/_select.ts";
import { rewriteUnary } from "./clauses/_unary.ts";
import { rewriteUpdate } from "./statements/_update.ts";

/**
 * Rewrites a node and everything below it, by the rule of its kind. A kind without one has its
 * children visited.
 *
 * | kind      | rule                                                                          |
 * | --------- | ----------------------------------------------------------------------------- |
 * | SELECT    | `_select.ts`: each table reference filtered where it stands                   |
 * | UPDATE    | `_update.ts`: target, FROM and joins filtered                                 |
 * | DELETE    | `_delete.ts`: target, USING and joins filtered; or made an UPDATE, or refused |
 * | INSERT    | `_insert.ts`: sources and DO UPDATE filtered; what cannot be is refused       |
 * | MERGE     | `_merge.ts`: source and target filtered                                       |
 * | raw SQL   | `_raw.ts`: its parameters visited; under `rawSql: "deny"` read, and refused   |
 * | IN        | `_in_operand.ts`: SQLite's `x in t` is a subquery                             |
 * | minus     | `_unary.ts`: `-` before a negative number must not begin a comment            |
 * | function  | `_function.ts`: under `rawSql: "deny"` its name is read                       |
 * | leaf      | left: it holds a name or a user's value, and nothing in it is taken for a node |
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
  // A switch, not a table of functions: this runs for every node of every query.
  switch (node.kind) {
    case "ReferenceNode":
    case "ValueNode":
    case "OperatorNode":
    case "TableNode":
    case "PrimitiveValueListNode":
    case "ColumnNode":
    case "IdentifierNode":
    case "SelectAllNode":
    case "SchemableIdentifierNode":
    case "DataTypeNode":
    case "DefaultInsertValueNode":
    case "JSONPathLegNode":
      return node;
    // The commonest kinds with a child or two have it visited without a look at every property.
    case "SelectionNode":
      return visitOne(node as SelectionNode, "selection", scope, guard);
    case "AliasNode":
      if (guard.deniesRaw) refuseOpenAlias((node as AliasNode).alias, guard);
      return (node as AliasNode).alias?.kind !== "RawNode"
        ? visitOne(node as AliasNode, "node", scope, guard)
        : visitChildren(node, scope, guard);
    case "ParensNode":
      return visitOne(node as ParensNode, "node", scope, guard);
    case "WhereNode":
      return visitOne(node as WhereNode, "where", scope, guard);
    case "OnNode":
      return visitOne(node as OnNode, "on", scope, guard);
    case "ColumnUpdateNode":
      if (guard.deniesRaw) refuseOpenColumn((node as ColumnUpdateNode).column, guard);
      return (node as ColumnUpdateNode).column?.kind !== "RawNode"
        ? visitOne(node as ColumnUpdateNode, "value", scope, guard)
        : visitChildren(node, scope, guard);
    case "UnaryOperationNode":
      return rewriteUnary(visitChildren(node as UnaryOperationNode, scope, guard));
    case "ExplainNode":
      refuseOpenFormat(node as ExplainNode);
      return visitChildren(node, scope, guard);
    case "AndNode":
    case "OrNode":
      return visitPair(node as AndNode | OrNode, scope, guard);
    case "SelectQueryNode":
      return rewriteMarked(node, scope, guard) ??
        frozen(rewriteSelect(node as SelectQueryNode, scope, guard), node);
    case "BinaryOperationNode":
      return rewriteInOperand(node as BinaryOperationNode, scope, guard);
    case "RawNode":
      return rewriteRaw(node as RawNode, scope, guard);
    case "FunctionNode":
    case "AggregateFunctionNode":
      return rewriteFunction(node as FunctionNode, scope, guard);
    case "UpdateQueryNode":
      return rewriteMarked(node, scope, guard) ??
        frozen(rewriteUpdate(node as UpdateQueryNode, scope, guard), node);
    case "DeleteQueryNode":
      return rewriteMarked(node, scope, guard) ??
        frozen(rewriteDelete(node as DeleteQueryNode, scope, guard), node);
    case "InsertQueryNode":
      return rewriteMarked(node, scope, guard) ??
        frozen(rewriteInsert(node as InsertQueryNode, scope, guard), node);
    case "MergeQueryNode":
      return rewriteMarked(node, scope, guard) ??
        frozen(rewriteMerge(node as MergeQueryNode, scope, guard), node);
    default:
      return visitChildren(node, scope, guard);
  }
}

/**
 * Rewrites the root of a query. A root that has changed is not frozen itself: it is marked first.
 */
export function visitRoot(node: RootOperationNode, guard: Guard): OperationNode {
  const marked = rewriteMarked(node, undefined, guard);
  if (marked !== undefined) return marked;
  let out: OperationNode;
  switch (node.kind) {
    case "SelectQueryNode":
      out = rewriteSelect(node as SelectQueryNode, undefined, guard);
      break;
    case "UpdateQueryNode":
      out = rewriteUpdate(node as UpdateQueryNode, undefined, guard, true);
      break;
    case "DeleteQueryNode":
      out = rewriteDelete(node as DeleteQueryNode, undefined, guard);
      break;
    case "InsertQueryNode":
      out = rewriteInsert(node as InsertQueryNode, undefined, guard, true);
      break;
    default:
      return visit(node, undefined, guard);
  }
  if (out !== node) freezeBelow(out, node);
  return out;
}

function visitOne<K extends string, T extends OperationNode & Readonly<Record<K, OperationNode>>>(
  node: T,
  key: K,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode {
  const child: OperationNode = node[key];
  const next = visit(child, scope, guard);
  return next === child ? node : Object.freeze({ ...node, [key]: next } as T);
}

function visitPair(
  node: AndNode | OrNode,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode {
  const left = visit(node.left, scope, guard);
  const right = visit(node.right, scope, guard);
  return left === node.left && right === node.right
    ? node
    : Object.freeze({ ...node, left, right } as AndNode);
}

/**
 * Visits the children of a node.
 *
 * @param skip the name of a child that the caller sees to itself
 */
export function visitChildren<T extends OperationNode>(
  node: T,
  scope: Scope | undefined,
  guard: Guard,
  skip?: string,
): T {
  let out: Record<string, unknown> | undefined;
  // The children of a node are its properties; which ones there are is the node's own business.
  const children = node as unknown as Record<string, Child>;
  for (const key in children) {
    const value = children[key];
    if (typeof value !== "object" || value === null || key === skip) continue;
    const next = visitChild(value, scope, guard);
    if (next !== value) {
      out ??= { ...children };
      out[key] = next;
    }
  }
  return out === undefined ? node : Object.freeze(out) as unknown as T;
}

/** A property of a node: a node, a list of them, or anything else. */
type Child = OperationNode | readonly unknown[] | { readonly kind?: undefined } | null | undefined;

function visitChild(
  child: NonNullable<Child>,
  scope: Scope | undefined,
  guard: Guard,
): NonNullable<Child> {
  if (Array.isArray(child)) return visitList(child, scope, guard);
  const node = child as OperationNode | { readonly kind?: undefined };
  return node.kind === undefined ? node : visit(node, scope, guard);
}

/** Visits a list of nodes; gives the same list where none of them had to change. */
function visitList(
  nodes: readonly unknown[],
  scope: Scope | undefined,
  guard: Guard,
): readonly unknown[] {
  let out: unknown[] | undefined;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Child;
    if (typeof node !== "object" || node === null) continue;
    const next = visitChild(node, scope, guard);
    if (next !== node) {
      out ??= nodes.slice();
      out[i] = next;
    }
  }
  return out === undefined ? nodes : Object.freeze(out);
}
