import { AggregateFunctionNode, type OperationNode, SelectQueryNode } from "kysely";

/**
 * How much of a query can be changed without changing its rows.
 *
 * | shape     | conditions can be added | columns can be added | such as               |
 * | --------- | ----------------------- | -------------------- | --------------------- |
 * | `block`   | yes                     | yes                  | joins                 |
 * | `grouped` | no                      | yes                  | GROUP BY, aggregates  |
 * | `rows`    | no                      | no                   | DISTINCT, UNION, LIMIT |
 */
export type Shape = "block" | "grouped" | "rows";

/** The shape of a query. */
export function shapeOf(query: SelectQueryNode): Shape {
  const { setOperations, distinctOn, frontModifiers } = query;
  if (isLimited(query) || setOperations?.length || distinctOn?.length || frontModifiers?.length) {
    return "rows";
  }
  return query.groupBy !== undefined || query.having !== undefined || aggregates(query)
    ? "grouped"
    : "block";
}

/** Joins that give no row without one of their own table. */
const INNER: ReadonlySet<string> = new Set(["InnerJoin", "CrossJoin", "LateralInnerJoin"]);

/**
 * Whether the column `id` of each table, where it has one to tell its rows apart, has a value in
 * every row of the result.
 */
export function everyRowHasId(query: SelectQueryNode): boolean {
  return shapeOf(query) === "block" &&
    (query.joins?.every(({ joinType }) => INNER.has(joinType)) ?? true);
}

/** Whether the query cuts off rows. */
export function isLimited({ limit, offset, fetch, top }: SelectQueryNode): boolean {
  return limit !== undefined || offset !== undefined || fetch !== undefined || top !== undefined;
}

/** Whether the select list makes one row of all, as `count(*)` does. */
function aggregates(query: SelectQueryNode): boolean {
  return query.selections?.some((selection) => hasAggregate(selection)) ?? false;
}

function hasAggregate(node: OperationNode): boolean {
  // A subquery's aggregates are its own
  if (SelectQueryNode.is(node)) return false;
  if (AggregateFunctionNode.is(node) && node.over === undefined) return true;
  return childrenOf(node).some(hasAggregate);
}

/** The nodes right below a node. */
export function childrenOf(node: OperationNode): OperationNode[] {
  // A value is not a tree, whatever it looks like
  if (node.kind === "ValueNode" || node.kind === "PrimitiveValueListNode") return [];
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === "object" && value !== null && "kind" in value;
}
