import {
  ColumnNode,
  type OperationNode,
  ReferenceNode,
  SelectAllNode,
  type SelectQueryNode,
  TableNode,
} from "kysely";

/**
 * Returns true if a key is a column of the one table that a query reads, and the column of the result
 * that has its name is that column, as it is: no expression takes its place.
 */
export function isColumnOfResult(key: OperationNode, query: SelectQueryNode): boolean {
  const { from, joins, selections = [] } = query;
  const isOneTable = from?.froms.length === 1 && TableNode.is(from.froms[0]!) && !joins?.length;
  const name = nameOf(key);
  if (!isOneTable || name === undefined) return false;
  let isSelected = false;
  for (const { selection } of selections) {
    if (SelectAllNode.is(selection)) isSelected = true;
    else if (!ReferenceNode.is(selection)) return false;
    else if (SelectAllNode.is(selection.column) || nameOf(selection) === name) isSelected = true;
  }
  return isSelected;
}

function nameOf(node: OperationNode): string | undefined {
  return ReferenceNode.is(node) && ColumnNode.is(node.column) ? node.column.column.name : undefined;
}
