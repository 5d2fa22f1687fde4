import {
  AggregateFunctionNode,
  AliasNode,
  type OperationNode,
  ReferenceNode,
  SelectAllNode,
  type SelectionNode,
  SelectQueryNode,
  ValueNode,
} from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { selectAs, selectFrom, withoutOrder } from "./_nodes.ts";
import { type AnyQuery, type Inspected, replace } from "./_query.ts";
import { isLimited, shapeOf } from "./_shape.ts";

/** The name of the column that has the count. */
const column = "total";

/** `count(*)` */
export function countAll(): SelectionNode {
  return selectAs(AggregateFunctionNode.create("count", [SelectAllNode.create()]), column);
}

/** How many rows the query has, without its order. */
export async function count(query: AnyQuery, inspected: Inspected): Promise<number> {
  const node = countNode(inspected.node);
  const rows: unknown[] = await replace(query, inspected, node).execute();
  return readCount(rows[0]);
}

/** The count in a row: drivers give it as a number, a bigint, or a string. */
export function readCount(row: unknown): number {
  const value = Number((row as Record<string, unknown> | undefined)?.[column]);
  if (!Number.isSafeInteger(value)) {
    throw new BadRequestError(
      `Cannot count rows: a plugin of the database removed the column "${column}" from the result`,
    );
  }
  return value;
}

function countNode(query: SelectQueryNode): SelectQueryNode {
  // Rows cannot be locked while they are counted
  const { endModifiers: _, ...unlocked } = query;
  // The order decides what a limit leaves, and which of the rows DISTINCT ON keeps
  const node = isLimited(query) ? unlocked : withoutOrder(unlocked);
  if (shapeOf(node) !== "block") return selectFrom(selected(node), [countAll()]);
  const computed = node.selections?.filter(({ selection }) => !isColumn(selection)) ?? [];
  // Plain columns do not change how many rows there are, and without them no two columns of a
  // derived table can have the same name; what is computed may (`unnest`, raw aggregates)
  return computed.length === 0
    ? SelectQueryNode.cloneWithSelections(SelectQueryNode.cloneWithoutSelections(node), [
      countAll(),
    ])
    : selectFrom({ ...node, selections: computed.map(named) }, [countAll()]);
}

/** A query selects something, or is not SQL. */
function selected(query: SelectQueryNode): SelectQueryNode {
  return query.selections?.length
    ? query
    : { ...query, selections: [selectAs(ValueNode.createImmediate(1), "one")] };
}

/** A column of a derived table has a name of its own. */
function named({ selection }: SelectionNode, index: number): SelectionNode {
  const node: OperationNode = AliasNode.is(selection) ? selection.node : selection;
  return selectAs(node, `c${index}`);
}

function isColumn(selection: OperationNode): boolean {
  const node = AliasNode.is(selection) ? selection.node : selection;
  return ReferenceNode.is(node) || SelectAllNode.is(node) || node.kind === "ColumnNode";
}
