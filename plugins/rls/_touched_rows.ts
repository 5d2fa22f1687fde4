import {
  type AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  type DeleteQueryNode,
  FromNode,
  type JoinNode,
  type ListNode,
  type OperationNode,
  OperatorNode,
  OrNode,
  ParensNode,
  ReferenceNode,
  SelectionNode,
  SelectModifierNode,
  type SelectQueryNode,
  type TableNode,
  TableNode as Tables,
  type UpdateQueryNode,
  ValueListNode,
  ValueNode,
  WhereNode,
} from "kysely";
import type { DialectName } from "@kysera/executor";
import { NEVER } from "./_predicate.ts";
import { replaceMarker } from "./_marker.ts";

/** A row, by column. */
export type Row = Readonly<Record<string, unknown>>;

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

/** The SELECT, with locks where there are any, of the rows that a statement would touch. */
export function selectTouched(
  root: Change,
  { node: target, qualifier }: NonNullable<ReturnType<typeof targetOf>>,
  dialect: DialectName,
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
    selections: [allOf(qualifier)],
    ...(joins === undefined ? {} : { joins }),
    ...(root.where === undefined ? {} : { where: withoutMarker(root.where) }),
    ...(root.with === undefined ? {} : { with: root.with }),
    ...lock(dialect, qualifier),
  };
}

/** The SELECT of rows by their keys. */
export function selectByKeys(
  table: TableNode,
  key: readonly string[],
  rows: readonly Row[],
): SelectQueryNode {
  return {
    kind: "SelectQueryNode",
    from: FromNode.create([table]),
    selections: [allOf(table)],
    where: WhereNode.create(keysAre(table, key, rows)),
  };
}

/** The statement, for the rows alone that have one of these keys. */
export function restricted(root: Change, keys: OperationNode): Change {
  const where = replaceMarker(root.where!.where, keys);
  return { ...root, where: { ...root.where!, where } };
}

/** Whether a row is one of these, by its key. */
export function keysAre(
  qualifier: TableNode,
  key: readonly string[],
  rows: readonly Row[],
): OperationNode {
  if (rows.length === 0) return NEVER;
  const column = (name: string): OperationNode =>
    ReferenceNode.create(ColumnNode.create(name), qualifier);
  if (key.length === 1) {
    const [name] = key;
    return BinaryOperationNode.create(
      column(name!),
      OperatorNode.create("in"),
      ValueListNode.create(rows.map((row) => ValueNode.create(row[name!]))),
    );
  }
  const each = rows.map((row) =>
    key.map((name): OperationNode =>
      BinaryOperationNode.create(
        column(name),
        OperatorNode.create("="),
        ValueNode.create(row[name]),
      )
    ).reduce((left, right) => AndNode.create(left, right))
  );
  return ParensNode.create(each.reduce((left, right) => OrNode.create(left, right)));
}

function withoutMarker(where: WhereNode): WhereNode {
  const always = BinaryOperationNode.create(
    ValueNode.createImmediate(1),
    OperatorNode.create("="),
    ValueNode.createImmediate(1),
  );
  return { ...where, where: replaceMarker(where.where, always) };
}

function allOf(qualifier: TableNode): SelectionNode {
  return SelectionNode.create(ReferenceNode.createSelectAll(qualifier));
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
