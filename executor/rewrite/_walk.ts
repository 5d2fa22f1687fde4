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
  ReferenceNode,
  RootOperationNode,
  SchemableIdentifierNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  UnaryOperationNode,
  UpdateQueryNode,
  WhereNode,
} from "kysely";
import { freezeBelow, frozen } from "../tree/_nodes.ts";
import { isColumnName, isReferenceName, isSchemableName } from "../tree/_name_nodes.ts";
import { isKnownKind } from "../tree/_node_kinds.ts";
import { statementKind } from "../tree/_statement_kinds.ts";
import { rewriteFunction } from "./clauses/_function.ts";
import { rewriteInOperand } from "./clauses/_in_operand.ts";
import { refuseOpenFormat, rewriteRaw, rewriteRawStatement } from "./clauses/_raw.ts";
import { rewriteUnary } from "./clauses/_unary.ts";
import { misplaced, mustBeTableName } from "./_misplaced.ts";
import type { Pass } from "./_pass.ts";
import { rewriteDelete } from "./statements/_delete.ts";
import { rewriteInsert } from "./statements/_insert.ts";
import { rewriteMerge } from "./statements/_merge.ts";
import { rewriteSelect } from "./statements/_select.ts";
import { rewriteUpdate } from "./statements/_update.ts";
import { unknownKind } from "./_unknown_kind.ts";
import { visitChildren } from "./_visit_children.ts";

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
 * | name      | left: it must be made of names                                                |
 * | clause    | visited where it belongs, and refused elsewhere (`_clauses.ts`)               |
 * | value     | left: nothing in it is taken for a node                                       |
 *
 * @param node the node; it is not changed
 * @returns the same node where nothing below it had to change
 */
export function walk(node: OperationNode, pass: Pass): OperationNode {
  // A switch, not a table of functions: this runs for every node of every query.
  switch (node.kind) {
    case "ReferenceNode":
      if (!isReferenceName(node as ReferenceNode)) throw misplaced(node, "column", "part");
      return node;
    case "TableNode":
      return mustBeTableName(node as TableNode);
    case "ColumnNode":
      if (!isColumnName(node)) throw misplaced(node, "column", "part");
      return node;
    case "SchemableIdentifierNode":
      if (!isSchemableName(node as SchemableIdentifierNode)) {
        throw misplaced(node, "identifier", "part");
      }
      return node;
    case "ValueNode":
    case "PrimitiveValueListNode":
    case "IdentifierNode":
    case "SelectAllNode":
    case "DefaultInsertValueNode":
    case "JSONPathLegNode":
      return node;
    case "OperatorNode":
    case "DataTypeNode":
      pass.rules.parts.raw?.refuseText(node);
      return node;
    // The commonest kinds with a child or two have it visited without a look at every property.
    case "SelectionNode":
      return visitOne(node as SelectionNode, "selection", pass);
    case "AliasNode": {
      const { alias } = node as AliasNode;
      if (alias !== undefined && alias.kind === "IdentifierNode") {
        return visitOne(node as AliasNode, "node", pass);
      }
      pass.rules.parts.raw?.refuseOpenAlias(alias, pass);
      return visitChildren(node, pass);
    }
    case "ParensNode":
      return visitOne(node as ParensNode, "node", pass);
    case "WhereNode":
      return visitOne(node as WhereNode, "where", pass);
    case "OnNode":
      return visitOne(node as OnNode, "on", pass);
    case "ColumnUpdateNode":
      pass.rules.parts.raw?.refuseOpenColumn((node as ColumnUpdateNode).column, pass);
      return isColumnName((node as ColumnUpdateNode).column)
        ? visitOne(node as ColumnUpdateNode, "value", pass)
        : visitChildren(node, pass);
    case "UnaryOperationNode":
      pass.rules.parts.raw?.refuseOpenJoint((node as UnaryOperationNode).operator, pass);
      return rewriteUnary(visitChildren(node as UnaryOperationNode, pass));
    case "ExplainNode":
      refuseOpenFormat(node as ExplainNode);
      return visitChildren(node, pass);
    case "AndNode":
    case "OrNode":
      return visitPair(node as AndNode | OrNode, pass);
    case "BinaryOperationNode":
      return rewriteInOperand(node as BinaryOperationNode, pass);
    case "RawNode":
      return rewriteRaw(node as RawNode, pass);
    case "FunctionNode":
    case "AggregateFunctionNode":
      return rewriteFunction(node as FunctionNode, pass);
    case "SelectQueryNode":
    case "UpdateQueryNode":
    case "DeleteQueryNode":
    case "InsertQueryNode":
    case "MergeQueryNode":
      return pass.rules.provenance.rewrite(node, pass) ??
        frozen(rewriteQuery(node as Query, pass, false)!, node);
    case "OrderByItemNode":
    case "SelectModifierNode":
    case "ColumnDefinitionNode":
    case "CreateTableNode":
      pass.rules.parts.raw?.refuseOpenJoints(node, pass);
      return visitChildren(node, pass);
    case "FromNode":
    case "JoinNode":
    case "UsingNode":
      throw misplaced(node, undefined, node.kind);
    default:
      if (!isKnownKind(node.kind)) throw unknownKind(node);
      return visitChildren(node, pass);
  }
}

/**
 * Rewrites the root of a query. A root that has changed is not frozen itself: its provenance is
 * noted on it first.
 *
 * @throws {QueryRefusedError} for a kind of statement that there is no rule for
 */
export function walkRoot(node: RootOperationNode, pass: Pass): OperationNode {
  const rewritten = pass.rules.provenance.rewrite(node, pass);
  if (rewritten !== undefined) return rewritten;
  pass.rules.parts.mask?.refuseStoredMasks(node, pass);
  const out = rewriteQuery(node as Query, pass, true);
  if (out === undefined) {
    const kind = statementKind(node.kind);
    if (kind === undefined) throw unknownKind(node);
    return kind === "raw" ? rewriteRawStatement(node as RawNode, pass) : walk(node, pass);
  }
  if (out !== node) freezeBelow(out, node);
  return out;
}

type Query =
  | SelectQueryNode
  | InsertQueryNode
  | UpdateQueryNode
  | DeleteQueryNode
  | MergeQueryNode;

/** Rewrites a query; returns `undefined` for any other statement. */
function rewriteQuery(node: Query, pass: Pass, isRoot: boolean): OperationNode | undefined {
  switch (node.kind) {
    case "SelectQueryNode":
      return rewriteSelect(node, pass);
    case "InsertQueryNode":
      return rewriteInsert(node, pass, isRoot);
    case "UpdateQueryNode":
      return rewriteUpdate(node, pass, isRoot);
    case "DeleteQueryNode":
      return rewriteDelete(node, pass);
    case "MergeQueryNode":
      return rewriteMerge(node, pass);
    default:
      return undefined;
  }
}

function visitOne<K extends string, T extends OperationNode & Readonly<Record<K, OperationNode>>>(
  node: T,
  key: K,
  pass: Pass,
): OperationNode {
  const child: OperationNode = node[key];
  const next = walk(child, pass);
  return next === child ? node : Object.freeze({ ...node, [key]: next } as T);
}

function visitPair(node: AndNode | OrNode, pass: Pass): OperationNode {
  const left = walk(node.left, pass);
  const right = walk(node.right, pass);
  return left === node.left && right === node.right
    ? node
    : Object.freeze({ ...node, left, right } as AndNode);
}
