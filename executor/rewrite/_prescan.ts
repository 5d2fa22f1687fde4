import type {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  DeleteQueryNode,
  InsertQueryNode,
  JoinNode,
  OperationNode,
  OperatorNode,
  OrderByItemNode,
  OrderByNode,
  OrNode,
  ParensNode,
  RawNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  UpdateQueryNode,
  ValuesNode,
} from "kysely";
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
        if (node.from !== undefined && !sources(node.from.froms, rules)) return false;
        break;
      case "selections":
        if (node.selections !== undefined && !selections(node.selections, rules)) return false;
        break;
      case "where":
        if (node.where !== undefined && !expression(node.where.where, rules)) return false;
        break;
      case "joins":
        if (node.joins !== undefined && !joins(node.joins, rules)) return false;
        break;
      case "orderBy":
        if (node.orderBy !== undefined && !orderBy(node.orderBy, rules)) return false;
        break;
      case "limit":
        if (node.limit !== undefined && !expression(node.limit.limit, rules)) return false;
        break;
      case "offset":
        if (node.offset !== undefined && !expression(node.offset.offset, rules)) return false;
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
        if (rules.writes ? !source(node.into, rules) : node.into.kind !== "TableNode") {
          return false;
        }
        break;
      case "columns":
        for (const column of node.columns ?? []) {
          refuseReservedColumn(column);
          if (column.kind !== "ColumnNode") return false;
        }
        break;
      case "values":
        if (node.values !== undefined && !values(node.values)) return false;
        break;
      case "returning":
        if (node.returning !== undefined && !selections(node.returning.selections, rules)) {
          return false;
        }
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
          const { column, value } = updates[i]!;
          refuseReservedColumn(column);
          if (column.kind !== "ColumnNode" && column.kind !== "ReferenceNode") return false;
          if (!expression(value, rules)) return false;
        }
        break;
      }
      case "where":
        if (node.where !== undefined && !expression(node.where.where, rules)) return false;
        break;
      case "returning":
        if (node.returning !== undefined && !selections(node.returning.selections, rules)) {
          return false;
        }
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
        if (!sources(node.from.froms, rules)) return false;
        break;
      case "where":
        if (node.where !== undefined && !expression(node.where.where, rules)) return false;
        break;
      case "returning":
        if (node.returning !== undefined && !selections(node.returning.selections, rules)) {
          return false;
        }
        break;
      default:
        if (node[key as keyof DeleteQueryNode] !== undefined) return false;
    }
  }
  return true;
}

function sources(items: readonly OperationNode[], rules: Rules): boolean {
  for (let i = 0; i < items.length; i++) if (!source(items[i]!, rules)) return false;
  return true;
}

function source(item: OperationNode, rules: Rules): boolean {
  let node = item;
  if (node.kind === "AliasNode") {
    const { alias } = node as AliasNode;
    if (alias.kind !== "IdentifierNode") return false;
    node = (node as AliasNode).node;
  }
  if (node.kind !== "TableNode") return false;
  const { schema, identifier } = (node as TableNode).table;
  return rules.table(identifier.name, schema === undefined ? undefined : schema.name) === undefined;
}

function joins(items: readonly JoinNode[], rules: Rules): boolean {
  for (let i = 0; i < items.length; i++) {
    const { table, on } = items[i]!;
    if (!source(table, rules) || (on !== undefined && !expression(on.on, rules))) return false;
  }
  return true;
}

function selections(items: readonly SelectionNode[], rules: Rules): boolean {
  for (let i = 0; i < items.length; i++) {
    const { selection } = items[i]!;
    switch (selection.kind) {
      case "ReferenceNode":
      case "SelectAllNode":
      case "ColumnNode":
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
  const { items } = node;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    const { direction } = item as OrderByItemNode;
    if (direction !== undefined && !isWord(direction)) return false;
    if (!expression(item.orderBy, rules)) return false;
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
