import {
  AliasNode,
  IdentifierNode,
  type OperationNode,
  type SelectQueryNode,
  TableNode,
} from "kysely";

/** What qualifies the columns of each table that a block reads; `undefined` where it is not known. */
export function sourcesOf({ from, joins }: SelectQueryNode): readonly TableNode[] | undefined {
  const items = [...from?.froms ?? [], ...joins?.map((join) => join.table) ?? []];
  const sources = items.map(sourceOf);
  return sources.includes(undefined) ? undefined : sources as TableNode[];
}

function sourceOf(item: OperationNode): TableNode | undefined {
  if (TableNode.is(item)) return item;
  if (AliasNode.is(item) && IdentifierNode.is(item.alias)) return TableNode.create(item.alias.name);
  return undefined;
}
