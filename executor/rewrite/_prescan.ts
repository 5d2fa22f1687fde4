import {
  type AliasNode,
  type AndNode,
  type BinaryOperationNode,
  type ColumnNode,
  type ColumnUpdateNode,
  type DeleteQueryNode,
  type FromNode,
  type InsertQueryNode,
  isOperator,
  type JoinNode,
  type LimitNode,
  type OffsetNode,
  type OperationNode,
  type OperatorNode,
  type OrderByItemNode,
  type OrderByNode,
  type OrNode,
  type ParensNode,
  type RawNode,
  type ReferenceNode,
  type ReturningNode,
  type SelectionNode,
  type SelectQueryNode,
  type TableNode,
  type UpdateQueryNode,
  type ValuesNode,
  type WhereNode,
} from "kysely";
import {
  isColumnName,
  isIdentifier,
  isReferenceName,
  isSchemableName,
} from "../tree/_name_nodes.ts";
import type { Rules } from "./rules.ts";
import { refuseReservedColumn } from "./clauses/_reserved.ts";

/**
 * Whether a query is of the everyday kind:
 *
 * | answer      | the query                                                                     |
 * | ----------- | ----------------------------------------------------------------------------- |
 * | `UNTOUCHED` | names no guarded table: the walk would give it back as it is                  |
 * | `PLAIN`     | names guarded tables as its row sources or its target, and nowhere below them |
 * | `OTHER`     | nothing is known: the walk decides                                            |
 *
 * Every kind and every property known here is one that cannot hide a table, and holds no text that
 * `rawSql: "deny"` would have read; whatever else a query holds makes the answer `OTHER`. (A property
 * may be there and undefined.) The code is written out kind by kind, because a property read at a place
 * that sees one kind of node costs a fraction of one that sees all of them.
 */
export function prescan(node: OperationNode, rules: Rules): Prescan {
  if (rules.intercepts) return OTHER;
  switch (node.kind) {
    case "SelectQueryNode":
      return select(node as SelectQueryNode, rules);
    case "InsertQueryNode":
      return insert(node as InsertQueryNode, rules) ? UNTOUCHED : OTHER;
    case "UpdateQueryNode":
      return update(node as UpdateQueryNode, rules);
    case "DeleteQueryNode":
      return remove(node as DeleteQueryNode, rules);
    default:
      return OTHER;
  }
}

/** What a first look at a query tells. */
export type Prescan = typeof OTHER | typeof PLAIN | typeof UNTOUCHED;

/** Nothing is known of the query. */
export const OTHER = 0;
/** Guarded tables stand in the query, and none of them below its row sources. */
export const PLAIN = 1;
/** No guarded table stands in the query. */
export const UNTOUCHED = 2;

function select(node: SelectQueryNode, rules: Rules): Prescan {
  let found: Prescan = UNTOUCHED;
  for (const key in node) {
    // Read by the key of the loop, which the engine knows the place of.
    const child = node[key as keyof SelectQueryNode];
    if (child === undefined) continue;
    switch (key) {
      case "kind":
        break;
      case "from":
        found = both(found, from(child as FromNode, rules));
        if (found === OTHER) return OTHER;
        break;
      case "selections":
        if (!selections(child as readonly SelectionNode[], rules)) return OTHER;
        break;
      case "where":
        if (!where(child as WhereNode, rules)) return OTHER;
        break;
      case "joins":
        found = both(found, joins(child as readonly JoinNode[], rules));
        if (found === OTHER) return OTHER;
        break;
      case "orderBy":
        if (!orderBy(child as OrderByNode, rules)) return OTHER;
        break;
      case "limit":
        if (!limit(child as LimitNode, rules)) return OTHER;
        break;
      case "offset":
        if (!offset(child as OffsetNode, rules)) return OTHER;
        break;
      default:
        return OTHER;
    }
  }
  return found;
}

function both(a: Prescan, b: Prescan): Prescan {
  return a < b ? a : b;
}

function insert(node: InsertQueryNode, rules: Rules): boolean {
  let hasTarget = false;
  for (const key in node) {
    const child = node[key as keyof InsertQueryNode];
    if (child === undefined) continue;
    switch (key) {
      case "kind":
        break;
      case "into": {
        const target = child as TableNode;
        // A guarded target is left as it is, unless a plugin stamps or checks its rows, or a clause
        // below, in the default case, says more.
        if (rules.writes ? source(target, rules) !== UNTOUCHED : !isTable(target)) return false;
        hasTarget = true;
        break;
      }
      case "columns":
        for (const column of child as readonly OperationNode[]) {
          if (!isColumnName(column)) return false;
          refuseReservedColumn(column);
        }
        break;
      case "values":
        if (!values(child as OperationNode)) return false;
        break;
      case "returning":
        if (!returning(child as ReturningNode, rules)) return false;
        break;
      default:
        return false;
    }
  }
  return hasTarget;
}

function update(node: UpdateQueryNode, rules: Rules): Prescan {
  let found: Prescan = OTHER;
  for (const key in node) {
    const child = node[key as keyof UpdateQueryNode];
    if (child === undefined) continue;
    switch (key) {
      case "kind":
        break;
      case "table":
        found = source(child as OperationNode, rules);
        if (found === OTHER) return OTHER;
        break;
      case "updates": {
        const updates = child as readonly ColumnUpdateNode[];
        for (let i = 0; i < updates.length; i++) {
          const { kind, column, value } = updates[i]!;
          if (kind !== "ColumnUpdateNode" || !isColumn(column)) return OTHER;
          refuseReservedColumn(column);
          if (!expression(value, rules)) return OTHER;
        }
        break;
      }
      case "where":
        if (!where(child as WhereNode, rules)) return OTHER;
        break;
      case "returning":
        if (!returning(child as ReturningNode, rules)) return OTHER;
        break;
      default:
        return OTHER;
    }
  }
  return found;
}

function remove(node: DeleteQueryNode, rules: Rules): Prescan {
  let found: Prescan = OTHER;
  for (const key in node) {
    const child = node[key as keyof DeleteQueryNode];
    if (child === undefined) continue;
    switch (key) {
      case "kind":
        break;
      case "from":
        found = from(child as FromNode, rules);
        if (found === OTHER) return OTHER;
        break;
      case "where":
        if (!where(child as WhereNode, rules)) return OTHER;
        break;
      case "returning":
        if (!returning(child as ReturningNode, rules)) return OTHER;
        break;
      default:
        return OTHER;
    }
  }
  return found;
}

function from({ kind, froms }: FromNode, rules: Rules): Prescan {
  if (kind !== "FromNode") return OTHER;
  let found: Prescan = UNTOUCHED;
  for (let i = 0; i < froms.length; i++) found = both(found, source(froms[i]!, rules));
  return found;
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

function source(item: OperationNode, rules: Rules): Prescan {
  let node = item;
  if (node.kind === "AliasNode") {
    const { alias } = node as AliasNode;
    if (alias.kind !== "IdentifierNode") return OTHER;
    node = (node as AliasNode).node;
  }
  if (node.kind !== "TableNode") return OTHER;
  const { table } = node as TableNode;
  const { schema, identifier } = table;
  if (
    table.kind !== "SchemableIdentifierNode" || identifier.kind !== "IdentifierNode" ||
    typeof identifier.name !== "string"
  ) {
    return OTHER;
  }
  if (schema !== undefined && !isIdentifier(schema)) return OTHER;
  return rules.table(identifier.name, schema === undefined ? undefined : schema.name) === undefined
    ? UNTOUCHED
    : PLAIN;
}

function joins(items: readonly JoinNode[], rules: Rules): Prescan {
  let found: Prescan = UNTOUCHED;
  for (let i = 0; i < items.length; i++) {
    const { kind, table, on } = items[i]!;
    if (kind !== "JoinNode") return OTHER;
    if (on !== undefined && (on.kind !== "OnNode" || !expression(on.on, rules))) return OTHER;
    found = both(found, source(table, rules));
  }
  return found;
}

function selections(items: readonly SelectionNode[], rules: Rules): boolean {
  for (let i = 0; i < items.length; i++) {
    const { kind, selection } = items[i]!;
    if (kind !== "SelectionNode") return false;
    switch (selection.kind) {
      case "SelectAllNode":
        break;
      case "ReferenceNode":
      case "ColumnNode":
        if (!isColumn(selection)) return false;
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
    const { kind, direction, collation, nulls, orderBy } = item as OrderByItemNode;
    if (kind !== "OrderByItemNode" || collation !== undefined) return false;
    // Text of its own, which the walk reads.
    if (nulls !== undefined && rules.deniesRaw) return false;
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

/**
 * Returns true if an expression is of the everyday kind: no query, no raw SQL and no name of a table
 * stands in it, so that the walk would give it back as it is.
 */
export function isPlainExpression(node: OperationNode, rules: Rules): boolean {
  return expression(node, rules);
}

function expression(node: OperationNode, rules: Rules): boolean {
  // The commonest first.
  switch (node.kind) {
    case "ReferenceNode": {
      const { column, table } = node as ReferenceNode;
      if (table !== undefined || column.kind !== "ColumnNode") {
        return isReferenceName(node as ReferenceNode);
      }
      const { column: name } = column as ColumnNode;
      return name.kind === "IdentifierNode" && typeof name.name === "string";
    }
    case "ValueNode":
    case "PrimitiveValueListNode":
      return true;
    case "BinaryOperationNode": {
      const { leftOperand, operator, rightOperand } = node as BinaryOperationNode;
      if (operator.kind !== "OperatorNode") return false;
      const name = (operator as OperatorNode).operator;
      if (rules.deniesRaw && !isKnownOperator(name)) return false;
      // SQLite takes a name after IN for a table.
      if ((name === "in" || name === "not in") && rightOperand.kind !== "PrimitiveValueListNode") {
        return false;
      }
      return expression(leftOperand, rules) && expression(rightOperand, rules);
    }
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

/** Operators that Kysely knows: its own list is gone through for each. */
const operators = new Set<string>();

function isKnownOperator(name: string): boolean {
  if (operators.has(name)) return true;
  if (!isOperator(name)) return false;
  operators.add(name);
  return true;
}
