/** Writes queries of Kysely as the tool `query` of `kysera mcp` takes them. */
import type {
  AliasNode,
  BinaryOperationNode,
  OperationNode,
  OperatorNode,
  RawNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  ValueNode,
} from "kysely";

/** Thrown where the tool has no word for something. */
class NoWord extends Error {}

const CLAUSES = new Set([
  ...["kind", "from", "joins", "selections", "where", "groupBy", "having", "orderBy", "limit"],
  ...["offset", "queryId"],
]);

/** Returns a query as the tool takes it; `undefined` where it has no words for it. */
export function toolQuery(node: OperationNode): Record<string, unknown> | undefined {
  try {
    return node.kind === "SelectQueryNode" ? select(node as SelectQueryNode) : undefined;
  } catch (error) {
    if (error instanceof NoWord) return undefined;
    throw error;
  }
}

function select(node: SelectQueryNode): Record<string, unknown> {
  for (const [name, clause] of Object.entries(node)) {
    if (clause !== undefined && !CLAUSES.has(name)) throw new NoWord();
  }
  const [from, ...others] = node.from?.froms ?? [];
  if (from === undefined || others.length > 0) throw new NoWord();
  const { table, as } = tableOf(from);
  return present({
    from: table,
    as,
    joins: node.joins?.map((join) => {
      const type = { InnerJoin: "inner", LeftJoin: "left" }[join.joinType as string];
      if (type === undefined || join.on === undefined) throw new NoWord();
      const joined = tableOf(join.table);
      return present({ type, table: joined.table, as: joined.as, on: equalities(join.on.on) });
    }),
    columns: columnsOf(node.selections ?? []),
    where: node.where && condition(node.where.where),
    groupBy: node.groupBy?.items.map(({ groupBy }) => column(groupBy)),
    having: node.having && condition(node.having.having),
    orderBy: node.orderBy?.items.map((item) => {
      if (item.nulls !== undefined || item.collation !== undefined) throw new NoWord();
      const words = (item.direction as RawNode | undefined)?.sqlFragments ?? ["asc"];
      if (words.length > 1) throw new NoWord();
      return { column: column(item.orderBy), direction: words[0] };
    }),
    limit: node.limit && value(node.limit.limit),
    offset: node.offset && value(node.offset.offset),
  });
}

function tableOf(node: OperationNode): { readonly table: string; readonly as?: string } {
  if (node.kind === "AliasNode") {
    const { node: inner, alias } = node as AliasNode;
    return { ...tableOf(inner), as: nameOf(alias) };
  }
  if (node.kind !== "TableNode") throw new NoWord();
  const { schema, identifier } = (node as TableNode).table;
  if (schema !== undefined) throw new NoWord();
  return { table: identifier.name };
}

/** `select *` has no word: with one table it is to leave the columns out. */
function columnsOf(selections: readonly SelectionNode[]): unknown[] | undefined {
  const [first] = selections;
  const isAll = first?.selection.kind === "SelectAllNode";
  if (isAll && selections.length === 1) return undefined;
  return selections.map(({ selection }) => {
    if (selection.kind !== "AliasNode") return column(selection);
    const { node, alias } = selection as AliasNode;
    const as = nameOf(alias);
    if (node.kind !== "AggregateFunctionNode") return { column: column(node), as };
    const call = node as OperationNode & {
      readonly func: string;
      readonly aggregated: readonly OperationNode[];
      readonly distinct?: boolean;
      readonly filter?: unknown;
      readonly over?: unknown;
    };
    if (call.filter !== undefined || call.over !== undefined) throw new NoWord();
    const [argument] = call.aggregated;
    const isCountAll = argument?.kind === "SelectAllNode";
    return present({
      aggregate: call.func,
      column: isCountAll ? undefined : column(argument!),
      distinct: call.distinct === true ? true : undefined,
      as,
    });
  });
}

function condition(node: OperationNode): unknown {
  const two = node as OperationNode & {
    readonly left: OperationNode;
    readonly right: OperationNode;
    readonly node: OperationNode;
    readonly operator: OperatorNode;
    readonly operand: OperationNode;
  };
  switch (node.kind) {
    case "AndNode":
      return { and: [condition(two.left), condition(two.right)] };
    case "OrNode":
      return { or: [condition(two.left), condition(two.right)] };
    case "ParensNode":
      return condition(two.node);
    case "UnaryOperationNode": {
      const { operator } = two.operator;
      if (operator === "exists") return { exists: select(selectIn(two.operand)) };
      if (operator === "not exists") return { not: { exists: select(selectIn(two.operand)) } };
      if (operator === "not") return { not: condition(two.operand) };
      throw new NoWord();
    }
    case "BinaryOperationNode":
      return comparison(node as BinaryOperationNode);
    default:
      throw new NoWord();
  }
}

function comparison({ leftOperand, operator, rightOperand }: BinaryOperationNode): unknown {
  if (operator.kind !== "OperatorNode") throw new NoWord();
  const op = (operator as OperatorNode).operator;
  const left = column(leftOperand);
  if (rightOperand.kind === "ReferenceNode") {
    return { column: left, op, other: column(rightOperand) };
  }
  if (rightOperand.kind === "SelectQueryNode") {
    return { column: left, op, query: select(rightOperand as SelectQueryNode) };
  }
  if (rightOperand.kind === "PrimitiveValueListNode") {
    return { column: left, op, values: (rightOperand as unknown as { values: unknown[] }).values };
  }
  const right = value(rightOperand);
  return right === null ? { column: left, op: `${op} null` } : { column: left, op, value: right };
}

function equalities(node: OperationNode): unknown[] {
  if (node.kind === "AndNode") {
    const { left, right } = node as OperationNode & { left: OperationNode; right: OperationNode };
    return [...equalities(left), ...equalities(right)];
  }
  if (node.kind !== "BinaryOperationNode") throw new NoWord();
  const { leftOperand, operator, rightOperand } = node as BinaryOperationNode;
  if ((operator as OperatorNode).operator !== "=") throw new NoWord();
  return [{ left: column(leftOperand), right: column(rightOperand) }];
}

function selectIn(node: OperationNode): SelectQueryNode {
  if (node.kind !== "SelectQueryNode") throw new NoWord();
  return node as SelectQueryNode;
}

function column(node: OperationNode): string {
  if (node.kind === "ColumnNode") {
    return (node as unknown as { column: { name: string } }).column.name;
  }
  if (node.kind !== "ReferenceNode") throw new NoWord();
  const { table, column: inner } = node as ReferenceNode;
  const name = column(inner);
  return table === undefined ? name : `${tableOf(table).table}.${name}`;
}

function value(node: OperationNode): unknown {
  if (node.kind !== "ValueNode") throw new NoWord();
  return (node as ValueNode).value;
}

function nameOf(node: OperationNode): string {
  if (node.kind !== "IdentifierNode") throw new NoWord();
  return (node as unknown as { name: string }).name;
}

function present(entries: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, each]) => each !== undefined));
}
