import {
  type AliasNode,
  BinaryOperationNode,
  ColumnNode,
  type DeleteQueryNode,
  FromNode,
  type JoinNode,
  type ListNode,
  type OperationNode,
  OperatorNode,
  ReferenceNode,
  SelectionNode,
  SelectModifierNode,
  type SelectQueryNode,
  type TableNode,
  TableNode as Tables,
  type UpdateQueryNode,
  ValueNode,
  WhereNode,
} from "kysely";
import type { DialectName } from "@kysera/executor";
import { replaceMarker } from "./_marker.ts";

/** A statement that changes rows of one table. */
export type Change = UpdateQueryNode | DeleteQueryNode;

/** The one table that a statement changes; `undefined` where it changes several. */
export function targetOf(
  root: Change,
):
  | { readonly node: OperationNode; readonly table: TableNode; readonly qualifier: TableNode }
  | undefined {
  let node: OperationNode | undefined;
  if (root.kind === "UpdateQueryNode") {
    node = root.table?.kind === "ListNode"
      ? (root.table as ListNode).items.length === 1 ? (root.table as ListNode).items[0] : undefined
      : root.table;
  } else {
    node = root.from.froms.length === 1 ? root.from.froms[0] : undefined;
  }
  if (node === undefined) return undefined;
  const named = node.kind === "AliasNode" ? (node as AliasNode).node : node;
  if (named.kind !== "TableNode") return undefined;
  const table = named as TableNode;
  const { alias } = node as Partial<AliasNode>;
  const qualifier = node.kind === "AliasNode" && alias?.kind === "IdentifierNode"
    ? Tables.create((alias as OperationNode & { name: string }).name)
    : table;
  return { node, table, qualifier };
}

/**
 * Returns the SELECT, with locks where there are any, of the rows that a statement would touch.
 *
 * @param columns the columns of the table, where they are known
 * @param beside what is selected beside them
 */
export function selectTouched(
  root: Change,
  { node: target, qualifier }: NonNullable<ReturnType<typeof targetOf>>,
  dialect: DialectName,
  columns: readonly string[] | undefined,
  beside: readonly SelectionNode[],
): SelectQueryNode {
  const froms: OperationNode[] = [];
  let joins: readonly JoinNode[] | undefined = root.joins;
  if (root.kind === "UpdateQueryNode") {
    froms.push(target, ...root.from?.froms ?? []);
  } else {
    const others = root.using?.tables ?? [];
    // MySQL names the target among the others again.
    const again = others.some((other) => nameOf(other) === nameOf(target));
    froms.push(...again ? [] : [target], ...others);
  }
  if (joins !== undefined && joins.length === 0) joins = undefined;
  return {
    kind: "SelectQueryNode",
    from: FromNode.create(froms),
    selections: [...allOf(qualifier, dialect, columns), ...beside],
    ...(joins === undefined ? {} : { joins }),
    ...(root.where === undefined ? {} : { where: withoutMarker(root.where) }),
    ...(root.with === undefined ? {} : { with: root.with }),
    ...lock(dialect, qualifier),
  };
}

/** Returns the SELECT of rows of a table alone. */
export function selectRows(
  table: TableNode,
  where: OperationNode,
  beside: readonly SelectionNode[],
): SelectQueryNode {
  return {
    kind: "SelectQueryNode",
    from: FromNode.create([table]),
    selections: [SelectionNode.createSelectAll(), ...beside],
    where: WhereNode.create(where),
  };
}

/** Returns the statement, for those rows alone that fulfil a condition. */
export function restricted(root: Change, rows: OperationNode): Change {
  const where = replaceMarker(root.where!.where, rows);
  return { ...root, where: { ...root.where!, where } };
}

function withoutMarker(where: WhereNode): WhereNode {
  const always = BinaryOperationNode.create(
    ValueNode.createImmediate(1),
    OperatorNode.create("="),
    ValueNode.createImmediate(1),
  );
  return { ...where, where: replaceMarker(where.where, always) };
}

/** Returns all columns of a reference. SQLite does not parse `"schema"."table".*`. */
function allOf(
  qualifier: TableNode,
  dialect: DialectName,
  columns: readonly string[] | undefined,
): SelectionNode[] {
  if (dialect !== "sqlite" || qualifier.table.schema === undefined) {
    return [SelectionNode.create(ReferenceNode.createSelectAll(qualifier))];
  }
  if (columns === undefined) {
    const bare = Tables.create(qualifier.table.identifier.name);
    return [SelectionNode.create(ReferenceNode.createSelectAll(bare))];
  }
  return columns.map((column) =>
    SelectionNode.create(ReferenceNode.create(ColumnNode.create(column), qualifier))
  );
}

function lock(
  dialect: DialectName,
  qualifier: TableNode,
): { readonly endModifiers?: readonly SelectModifierNode[] } {
  // SQLite has one writer, and `atomically` has made it this one.
  if (dialect === "sqlite" || dialect === "mssql") return {};
  const of = dialect === "postgres" ? [Tables.create(qualifier.table.identifier.name)] : undefined;
  return { endModifiers: [SelectModifierNode.create("ForUpdate", of)] };
}

function nameOf(node: OperationNode): string | undefined {
  if (node.kind === "AliasNode") {
    const { alias } = node as AliasNode;
    return (alias as OperationNode & { name?: string }).name;
  }
  return node.kind === "TableNode" ? (node as TableNode).table.identifier.name : undefined;
}
