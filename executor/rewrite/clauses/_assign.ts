import {
  AliasNode,
  ColumnNode,
  ColumnUpdateNode,
  IdentifierNode,
  type InsertQueryNode,
  type MergeQueryNode,
  type OperationNode,
  PrimitiveValueListNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  type UpdateQueryNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
  type WhenNode,
} from "kysely";
import type { Guard } from "../../hooks/_rules.ts";
import type { NamedStamp } from "../../hooks/_table_rules.ts";
import { LateValue } from "../../tree/_deferred_parameter.ts";
import { isMarked, originalOf } from "../../instance/_provenance.ts";
import { QueryRefusedError } from "../../contract/errors.ts";
import { keyOfColumn, keysOfColumns } from "./_columns.ts";
import { valueNode } from "../../tree/_nodes.ts";
import { type GuardedReference, guardedReference } from "../_reference.ts";
import { targetsOf } from "../statements/_update.ts";

/**
 * Stamps: columns that plugins set on what is written.
 *
 * | statement                       | rule                                                       |
 * | ------------------------------- | ---------------------------------------------------------- |
 * | INSERT .. VALUES                | a column of its own, the same value in every row           |
 * | INSERT DEFAULT VALUES           | becomes INSERT .. VALUES of the stamps                     |
 * | INSERT .. SELECT                | a selection of its own, behind the others                  |
 * | UPDATE, DO UPDATE, ON DUPLICATE | an assignment of its own                                   |
 * | MERGE                           | each of its INSERTs and UPDATEs                            |
 *
 * What is done with a column that the user gives as well is the stamp's to say.
 */
export function stampInsert(node: InsertQueryNode, guard: Guard): InsertQueryNode {
  const reference = node.into && guardedReference(node.into, undefined, guard);
  if (reference === undefined) return node;
  let out = stampRows(node, reference, guard);
  const { onConflict, onDuplicateKey } = out;
  if (onConflict?.updates !== undefined) {
    const updates = stampUpdates(onConflict.updates, reference, undefined, guard);
    if (updates !== onConflict.updates) out = { ...out, onConflict: { ...onConflict, updates } };
  }
  if (onDuplicateKey !== undefined) {
    const updates = stampUpdates(onDuplicateKey.updates, reference, undefined, guard);
    if (updates !== onDuplicateKey.updates) {
      out = { ...out, onDuplicateKey: { ...onDuplicateKey, updates } };
    }
  }
  return out;
}

/** Stamps of an UPDATE: of each of several targets that it assigns to. */
export function stampUpdate(node: UpdateQueryNode, guard: Guard): UpdateQueryNode {
  if (node.table === undefined || node.updates === undefined) return node;
  const targets = targetsOf(node.table);
  let updates = node.updates;
  for (const target of targets) {
    const reference = guardedReference(target, undefined, guard);
    if (reference === undefined) continue;
    const qualifier = targets.length > 1 ? reference.qualifier : undefined;
    if (qualifier !== undefined && !assignsTo(node.updates, qualifier, guard, reference)) continue;
    updates = stampUpdates(updates, reference, qualifier, guard);
  }
  return updates === node.updates ? node : { ...node, updates };
}

/** Stamps of the actions of a MERGE. */
export function stampMerge(node: MergeQueryNode, guard: Guard): MergeQueryNode {
  const reference = guardedReference(node.into, undefined, guard);
  if (reference === undefined || node.whens === undefined) return node;
  const whens = node.whens.map((when): WhenNode => {
    const { result } = when;
    if (result?.kind === "InsertQueryNode") {
      return { ...when, result: stampRows(result as InsertQueryNode, reference, guard) };
    }
    const { updates } = (result ?? {}) as Partial<UpdateQueryNode>;
    if (result?.kind !== "UpdateQueryNode" || updates === undefined) return when;
    const stamped = stampUpdates(updates, reference, undefined, guard);
    return { ...when, result: { ...result, updates: stamped } as UpdateQueryNode };
  });
  return { ...node, whens };
}

/** Assignments, with those of the stamps. */
export function stampUpdates(
  updates: readonly ColumnUpdateNode[],
  reference: GuardedReference,
  qualifier: TableNode | undefined,
  guard: Guard,
): readonly ColumnUpdateNode[] {
  const stamps = reference.plan.stamps(reference, "update", guard);
  if (stamps.length === 0) return updates;
  let out = updates;
  for (const stamp of stamps) {
    for (const [column, value] of Object.entries(stamp.set)) {
      const key = guard.columnKey(column);
      const isGiven = (update: ColumnUpdateNode): boolean =>
        keyOfColumn(update.column, reference, guard) === key;
      if (out.filter(isGiven).length > 0) {
        if (!overrides(stamp, column, reference)) continue;
        out = out.filter((update) => !isGiven(update));
      }
      const node = ColumnNode.create(column);
      const assigned = qualifier === undefined ? node : ReferenceNode.create(node, qualifier);
      out = [...out, ColumnUpdateNode.create(assigned, valueNode(value))];
    }
  }
  return out;
}

function stampRows(
  node: InsertQueryNode,
  reference: GuardedReference,
  guard: Guard,
): InsertQueryNode {
  const stamps = reference.plan.stamps(reference, "insert", guard);
  if (stamps.length === 0) return node;
  let out = node;
  for (const stamp of stamps) {
    for (const [column, value] of Object.entries(stamp.set)) {
      const keys = keysOfColumns(out.columns ?? [], reference, guard);
      const at = keys.indexOf(guard.columnKey(column));
      out = at < 0
        ? addColumn(out, column, value, reference, guard)
        : setColumn(out, at, value, overrides(stamp, column, reference), reference);
    }
  }
  return out;
}

/** Whether a stamp takes the place of what the user gave. @throws where it says that none may be */
function overrides(stamp: NamedStamp, column: string, reference: GuardedReference): boolean {
  if (stamp.given !== "refuse") return stamp.given === "replace";
  const table = reference.table.table.identifier.name;
  throw new QueryRefusedError(
    `Cannot write column "${column}" of table "${table}": plugin "${stamp.plugin}" sets it; ` +
      "leave it out",
    "STAMPED_COLUMN",
    table,
  );
}

function addColumn(
  node: InsertQueryNode,
  column: string,
  value: unknown,
  reference: GuardedReference,
  guard: Guard,
): InsertQueryNode {
  const added = ColumnNode.create(column);
  if (node.defaultValues === true) {
    const row = ValueListNode.create([valueNode(value)]);
    const { defaultValues: _, ...rest } = node;
    return { ...rest, columns: [added], values: ValuesNode.create([row]) };
  }
  const { values, columns } = node;
  if (columns === undefined || values === undefined) throw unstampable(column, reference);
  if (values.kind === "ValuesNode") {
    const rows = (values as ValuesNode).values.map((row) => addValue(row, value));
    return { ...node, columns: [...columns, added], values: ValuesNode.create(rows) };
  }
  if (values.kind !== "SelectQueryNode") throw unstampable(column, reference);
  return {
    ...node,
    columns: [...columns, added],
    values: addSelection(values as SelectQueryNode, column, value, guard),
  };
}

type Row = ValuesNode["values"][number];

function addValue(row: Row, value: unknown): Row {
  if (
    row.kind === "PrimitiveValueListNode" && (value instanceof LateValue || !isExpression(value))
  ) {
    return PrimitiveValueListNode.create([...row.values, value]);
  }
  return ValueListNode.create([...nodesOf(row), valueNode(value)]);
}

/** A column the user gives: the stamp fills what was left to the default, or all of it. */
function setColumn(
  node: InsertQueryNode,
  at: number,
  value: unknown,
  replace: boolean,
  reference: GuardedReference,
): InsertQueryNode {
  if (node.values?.kind !== "ValuesNode") {
    if (!replace) return node;
    throw unstampable(node.columns![at]!.column.name, reference);
  }
  const rows = (node.values as ValuesNode).values.map((row) => {
    const nodes = nodesOf(row);
    if (!replace && nodes[at]?.kind !== "DefaultInsertValueNode") return row;
    return ValueListNode.create(nodes.map((each, i) => i === at ? valueNode(value) : each));
  });
  return { ...node, values: ValuesNode.create(rows) };
}

function nodesOf(row: Row): readonly OperationNode[] {
  return row.kind === "ValueListNode"
    ? row.values
    : row.values.map((value) => ValueNode.create(value));
}

function addSelection(
  built: SelectQueryNode,
  column: string,
  value: unknown,
  guard: Guard,
): SelectQueryNode {
  // A handle has built it, and rewritten it without knowing where it would stand: a copy of that would
  // pass for what the user wrote.
  const select = (originalOf(built, guard) ?? built) as SelectQueryNode;
  const added = SelectionNode.create(
    AliasNode.create(valueNode(value), IdentifierNode.create(column)),
  );
  const plain = select.setOperations === undefined && select.distinctOn === undefined &&
    select.frontModifiers === undefined && !isMarked(select);
  if (plain) return SelectQueryNode.cloneWithSelections(select, [added]);
  // DISTINCT and set operations are about the rows as the user wrote them.
  const rows = AliasNode.create(select, IdentifierNode.create("kysera_rows"));
  return SelectQueryNode.cloneWithSelections(SelectQueryNode.createFrom([rows]), [
    SelectionNode.createSelectAllFromTable(TableNode.create("kysera_rows")),
    added,
  ]);
}

/** Whether an UPDATE of several tables assigns to this one; each column must say whose it is. */
function assignsTo(
  updates: readonly ColumnUpdateNode[],
  qualifier: TableNode,
  guard: Guard,
  reference: GuardedReference,
): boolean {
  if (reference.plan.stamps(reference, "update", guard).length === 0) return false;
  return updates.some(({ column }) => {
    const { table } = column as Partial<ReferenceNode>;
    if (column.kind !== "ReferenceNode" || table === undefined) {
      throw new QueryRefusedError(
        "Cannot tell which of several tables an UPDATE assigns to; qualify each column with its " +
          "table",
        "UNSUPPORTED",
        reference.table.table.identifier.name,
      );
    }
    return table.table.identifier.name === qualifier.table.identifier.name;
  });
}

function isExpression(value: unknown): boolean {
  return typeof value === "object" && value !== null && "toOperationNode" in value;
}

function unstampable(column: string, reference: GuardedReference): QueryRefusedError {
  const table = reference.table.table.identifier.name;
  return new QueryRefusedError(
    `Cannot set column "${column}" of an INSERT into "${table}" whose rows are no values and no ` +
      "SELECT with a list of columns; write it with values(), or with columns() and expression()",
    "UNSUPPORTED",
    table,
  );
}
