import type { OperationNode, RootOperationNode } from "kysely";
import { AuditNotPossibleError } from "../../contract/errors.ts";
import { partsOf, tableIn, type TableInQuery } from "../../sql/_nodes.ts";

/** What a statement does to the rows of a table. */
export type WriteKind = "insert" | "update" | "delete" | "merge";

/** A part of a query that writes tables. */
export interface Write {
  readonly kind: WriteKind;
  readonly node: OperationNode;
  /** The tables it writes. */
  readonly targets: readonly TableInQuery[];
  /** Its place in the query's WITH; `undefined` for the query itself. */
  readonly cte: number | undefined;
}

const KINDS: Readonly<Record<string, WriteKind>> = {
  InsertQueryNode: "insert",
  UpdateQueryNode: "update",
  DeleteQueryNode: "delete",
  MergeQueryNode: "merge",
};

/** The writes of a query: its own, and those of its WITH. */
export function writesOf(query: RootOperationNode): readonly Write[] {
  const writes: Write[] = [];
  const own = writeOf(query, undefined);
  if (own !== undefined) writes.push(own);
  const ctes = partsOf(query).with?.expressions ?? [];
  for (const [i, { expression }] of ctes.entries()) {
    const inner = expression.kind === "ParensNode"
      ? (expression as { node?: OperationNode }).node ?? expression
      : expression;
    const write = writeOf(inner, i);
    if (write !== undefined) writes.push(write);
  }
  return writes;
}

function writeOf(node: OperationNode, cte: number | undefined): Write | undefined {
  const kind = KINDS[node.kind];
  if (kind === undefined) return undefined;
  return { kind, node, targets: targetsOf(kind, node), cte };
}

function targetsOf(kind: WriteKind, node: OperationNode): TableInQuery[] {
  const { into, table, from, joins } = partsOf(node);
  switch (kind) {
    case "insert":
    case "merge":
      return targetsIn(into);
    case "delete": {
      const sources = [...partsOf(node).using?.tables ?? [], ...joined(joins)].flatMap(tablesIn);
      // MySQL names the tables to delete from by their aliases in USING.
      return (from?.froms.flatMap(targetsIn) ?? []).map((target) =>
        target.schema === undefined && target.alias === target.name
          ? sources.find(({ alias }) => alias === target.name) ?? target
          : target
      );
    }
    default: {
      const named = targetsIn(table);
      // MySQL: a joined table may be set as well as the first.
      const isList = table?.kind === "ListNode";
      if (from !== undefined || (!isList && joins === undefined)) return named;
      const more = joined(joins).flatMap(tablesIn);
      return [...named, ...more].filter((target) => isSet(target, node));
    }
  }
}

function joined(joins: readonly OperationNode[] | undefined): (OperationNode | undefined)[] {
  return (joins ?? []).map((join) => (join as { table?: OperationNode }).table);
}

function tablesIn(node: OperationNode | undefined): TableInQuery[] {
  if (node === undefined) return [];
  if (node.kind === "ListNode") {
    return (node as { items?: readonly OperationNode[] }).items?.flatMap(tablesIn) ?? [];
  }
  const table = tableIn(node);
  return table === undefined ? [] : [table];
}

/** What is written must be known. @throws {AuditNotPossibleError} */
function targetsIn(node: OperationNode | undefined): TableInQuery[] {
  const tables = tablesIn(node);
  if (tables.length > 0) return tables;
  throw new AuditNotPossibleError("?", "its target is not the name of a table; name the table");
}

/** Whether an UPDATE of several tables may set a column of this one. */
function isSet(target: TableInQuery, update: OperationNode): boolean {
  return (partsOf(update).updates ?? []).some((each) => {
    const { column } = each as { column?: OperationNode & { table?: OperationNode } };
    const owner = column?.kind === "ReferenceNode" && column.table !== undefined
      ? tableIn(column.table)
      : undefined;
    return owner === undefined || owner.name === target.alias;
  });
}
