import type {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  DeleteQueryNode,
  FromNode,
  InsertQueryNode,
  JoinNode,
  LimitNode,
  OffsetNode,
  OperationNode,
  OperatorNode,
  OrderByItemNode,
  OrderByNode,
  OrNode,
  ParensNode,
  RawNode,
  ReferenceNode,
  ReturningNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  UpdateQueryNode,
  ValuesNode,
  WhereNode,
} from "kysely";
import { isColumnName, isReferenceName, isSchemableName } from "../tree/_name_nodes.ts";
import type { Rules } from "./rules.ts";
import { refuseReservedColumn } from "./clauses/_reserved.ts";

/**
 * Whether a query is of the everyday kind that names no guarded table: the walk would give it back
 * as it is. `false` says nothing: the walk then decides.
 *
 * Every kind and every property known here is one that cannot hide a table; whatever else a query
 * holds makes the answer `false`. (A property may be there and undefined.) The code is written out kind by kind, because a property read at a
 * place that sees one kind of node costs a fraction of one that sees all of them.
 */
export function isUntouched(node: OperationNode, rules: Rules): boolean {
  if (rules.intercepts || rules.deniesRaw) return false;
  switch (node.kind) {
    case "SelectQueryNode":
      return select(node as SelectQueryNode, rules);
    case "InsertQueryNode":
      return insert(node as InsertQueryNode, rules);
    case "UpdateQueryNode":
      return update(node as UpdateQueryNode, rules);
    case "DeleteQueryNode":
      return remove(node as DeleteQueryNode, rules);
    default:
      return false;
  }
}

function select(node: SelectQueryNode, rules: Rules): boolean {
  for (const key in node) {
    switch (key) {
      case "kind":
        break;
      case "from":
        if (node.from !== undefined && !from(node.from, rules)) return false;
        break;
      case "selections":
        if (node.selections !== undefined && !selections(node.selections, rules)) return false;
        break;
      case "where":
        if (node.where !== undefined && !where(node.where, rules)) return false;
        break;
      case "joins":
        if (node.joins !== undefined && !joins(node.joins, rules)) return false;
        break;
      case "orderBy":
        if (node.orderBy !== undefined && !orderBy(node.orderBy, rules)) return false;
        break;
      case "limit":
        if (node.limit !== undefined && !limit(node.limit, rules)) return false;
        break;
      case "offset":
        if (node.offset !== undefined && !offset(node.offset, rules)) return false;
        break;
      default:
        if (node[key as keyof SelectQueryNode] !== undefined) return false;
    }
  }
  return true;
}

function insert(node: InsertQueryNode, rules: Rules): boolean {
  for (const key in node) {
    switch (key) {
      case "kind":
        break;
      case "into":
        if (node.into === undefined) return false;
        // A guarded target is left as it is, unless a plugin stamps or checks its rows, or a clause
        // below, in the default case, says more.
        if (rules.writes ? !source(node.into, rules) : !isTable(node.into)) {
          return false;
        }
        break;
      case "columns":
        for (const column of node.columns ?? []) {
          if (!isColumnName(column)) return false;
          refuseReservedColumn(column);
        }
        break;
      case "values":
        if (node.values !== undefined && !values(node.values)) return false;
        break;
      case "returning":
        if (node.returning !== undefined && !returning(node.returning, rules)) return false;
        break;
      default:
        if (node[key as keyof InsertQueryNode] !== undefined) return false;
    }
  }
  return true;
}

function update(node: UpdateQueryNode, rules: Rules): boolean {
  for (const key in node) {
    switch (key) {
      case "kind":
        break;
      case "table":
        if (node.table === undefined || !source(node.table, rules)) return false;
        break;
      case "updates": {
        const updates = node.updates ?? [];
        for (let i = 0; i < updates.length; i++) {
          const { kind, column, value } = updates[i]!;
          if (kind !== "ColumnUpdateNode" || !isColumn(column)) return false;
          refuseReservedColumn(column);
          if (!expression(value, rules)) return false;
        }
        break;
      }
      case "where":
        if (node.where !== undefined && !where(node.where, rules)) return false;
        break;
      case "returning":
        if (node.returning !== undefined && !returning(node.returning, rules)) return false;
        break;
      default:
        if (node[key as keyof UpdateQueryNode] !== undefined) return false;
    }
  }
  return true;
}

function remove(node: DeleteQueryNode, rules: Rules): boolean {
  for (const key in node) {
    switch (key) {
      case "kind":
        break;
      case "from":
        if (!from(node.from, rules)) return false;
        break;
      case "where":
        if (node.where !== undefined && !where(node.where, rules)) return false;
        break;
      case "returning":
        if (node.returning !== undefined && !returning(node.returning, rules)) return false;
        break;
      default:
        if (node[key as keyof DeleteQueryNode] !== undefined) return false;
    }
  }
  return true;
}

function from({ kind, froms }: FromNode, rules: Rules): boolean {
  if (kind !== "FromNode") return false;
  for (let i = 0; i < froms.length; i++) if (!source(froms[i]!, rules)) return false;
  return true;
}

function where({ kind, where }: WhereNode, rules: Rules): boolean {
  return kind === "WhereNode" && expression(where, rules);
}

function limit({ kind, limit }: LimitNode, rules: Rules): boolean {
  return kind === "LimitNode" && expression(limit, rules);
}

function offset({ kind, offset }: OffsetNode, rules: Rules): boolean {
  return kind === "OffsetNode" && expression(offset, rules);
}

function returning({ kind, selections: items }: ReturningNode, rules: Rules): boolean {
  return kind === "ReturningNode" && selections(items, rules);
}

function isTable(node: OperationNode): node is TableNode {
  return node.kind === "TableNode" && isSchemableName((node as TableNode).table);
}

function isColumn(node: OperationNode): boolean {
  return node.kind === "ReferenceNode"
    ? isReferenceName(node as ReferenceNode)
    : isColumnName(node);
}

function source(item: OperationNode, rules: Rules): boolean {
  let node = item;
  if (node.kind === "AliasNode") {
    const { alias } = node as AliasNode;
    if (alias.kind !== "IdentifierNode") return false;
    node = (node as AliasNode).node;
  }
  if (!isTable(node)) return false;
  const { schema, identifier } = node.table;
  return rules.table(identifier.name, schema === undefined ? undefined : schema.name) === undefined;
}

function joins(items: readonly JoinNode[], rules: Rules): boolean {
  for (let i = 0; i < items.length; i++) {
    const { kind, table, on } = items[i]!;
    if (kind !== "JoinNode" || !source(table, rules)) return false;
    if (on !== undefined && (on.kind !== "OnNode" || !expression(on.on, rules))) return false;
  }
  return true;
}

function selections(items: readonly SelectionNode[], rules: Rules): boolean {
  for (let i = 0; i < items.length; i++) {
    const { kind, selection } = items[i]!;
    if (kind !== "SelectionNode") return false;
    switch (selection.kind) {
      case "ReferenceNode":
      case "ColumnNode":
        if (!isColumn(selection)) return false;
        break;
      case "SelectAllNode":
        break;
      case "AliasNode": {
        const { node, alias } = selection as AliasNode;
        if (alias.kind !== "IdentifierNode" || !expression(node, rules)) return false;
        break;
      }
      default:
        if (!expression(selection, rules)) return false;
    }
  }
  return true;
}

function orderBy(node: OrderByNode, rules: Rules): boolean {
  const { kind, items } = node;
  if (kind !== "OrderByNode") return false;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    const { kind, direction, collation, orderBy } = item as OrderByItemNode;
    if (kind !== "OrderByItemNode" || collation !== undefined) return false;
    if (direction !== undefined && !isWord(direction)) return false;
    if (!expression(orderBy, rules)) return false;
  }
  return true;
}

function isWord(node: OperationNode): boolean {
  if (node.kind !== "RawNode") return false;
  const { sqlFragments, parameters } = node as RawNode;
  const [word] = sqlFragments;
  return parameters.length === 0 && (word === "asc" || word === "desc");
}

function values(node: OperationNode): boolean {
  if (node.kind !== "ValuesNode") return false;
  const rows = (node as ValuesNode).values;
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]!.kind !== "PrimitiveValueListNode") return false;
  }
  return true;
}

function expression(node: OperationNode, rules: Rules): boolean {
  switch (node.kind) {
    case "BinaryOperationNode": {
      const { leftOperand, operator, rightOperand } = node as BinaryOperationNode;
      if (operator.kind !== "OperatorNode") return false;
      const name = (operator as OperatorNode).operator;
      // SQLite takes a name after IN for a table.
      if ((name === "in" || name === "not in") && rightOperand.kind !== "PrimitiveValueListNode") {
        return false;
      }
      return expression(leftOperand, rules) && expression(rightOperand, rules);
    }
    case "ReferenceNode":
      return isReferenceName(node as ReferenceNode);
    case "ValueNode":
    case "PrimitiveValueListNode":
      return true;
    case "AndNode":
    case "OrNode":
      return expression((node as AndNode | OrNode).left, rules) &&
        expression((node as AndNode | OrNode).right, rules);
    case "ParensNode":
      return expression((node as ParensNode).node, rules);
    default:
      return false;
  }
}
