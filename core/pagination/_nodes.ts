import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  FromNode,
  IdentifierNode,
  type OperationNode,
  OperatorNode,
  OrNode,
  ParensNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  SetOperationNode,
  TableNode,
  TupleNode,
  ValueNode,
  WhereNode,
} from "kysely";

/** The name of the derived table that a query is wrapped into. */
export const pageTable = "kyserapage";

/** `node as alias`, in a select list. */
export function selectAs(node: OperationNode, alias: string): SelectionNode {
  return SelectionNode.create(AliasNode.create(node, IdentifierNode.create(alias)));
}

/** `table.column` */
export function columnOf(table: string, column: string): ReferenceNode {
  return ReferenceNode.create(ColumnNode.create(column), TableNode.create(table));
}

/** `left operator right` */
export function binary(
  left: OperationNode,
  operator: "=" | "<" | ">" | "<=" | ">=",
  right: OperationNode,
): OperationNode {
  return BinaryOperationNode.create(left, OperatorNode.create(operator), right);
}

/** `(a, b)`, or what stands alone. */
export function tuple(nodes: readonly OperationNode[]): OperationNode {
  return nodes.length === 1 ? nodes[0]! : TupleNode.create(nodes);
}

/** `node is null`, or `node is not null` */
export function isNull(node: OperationNode, not = false): OperationNode {
  const operator = OperatorNode.create(not ? "is not" : "is");
  return BinaryOperationNode.create(node, operator, ValueNode.createImmediate(null));
}

/** `a and b` with both sides in parentheses, so that it does not matter what they are. */
export function and(a: OperationNode, b: OperationNode): OperationNode {
  return AndNode.create(ParensNode.create(a), ParensNode.create(b));
}

/** `a or b` with both sides in parentheses. */
export function or(a: OperationNode, b: OperationNode): OperationNode {
  return OrNode.create(ParensNode.create(a), ParensNode.create(b));
}

/** A node that can stand on either side of an operator. */
export function operand(node: OperationNode): OperationNode {
  return ReferenceNode.is(node) ? node : ParensNode.create(node);
}

/** A query with one more condition. */
export function withCondition(query: SelectQueryNode, condition: OperationNode): SelectQueryNode {
  // What stands there may be raw SQL with an OR in it
  const where = query.where === undefined ? condition : and(query.where.where, condition);
  return { ...query, where: WhereNode.create(where) };
}

/** A query without its order. */
export function withoutOrder(query: SelectQueryNode): SelectQueryNode {
  const { orderBy: _, ...rest } = query;
  return rest;
}

/** Several queries, the rows of one after those of the other. */
export function unionAll(queries: readonly SelectQueryNode[]): SelectQueryNode {
  // In brackets, as it were: each has an order and a limit of its own.
  const [first, ...others] = queries.map((query) =>
    selectFrom(query, [SelectionNode.createSelectAll()])
  );
  return {
    ...first!,
    setOperations: others.map((query) => SetOperationNode.create("union", query, true)),
  };
}

/** `select .. from (query) as page` */
export function selectFrom(
  query: SelectQueryNode,
  selections: readonly SelectionNode[],
): SelectQueryNode {
  return SelectQueryNode.cloneWithSelections(
    { kind: "SelectQueryNode", from: FromNode.create([alias(query, pageTable)]) },
    selections,
  );
}

function alias(query: SelectQueryNode, name: string): AliasNode {
  return AliasNode.create(query, IdentifierNode.create(name));
}
