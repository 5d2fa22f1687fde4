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
import { QueryRefusedError } from "../../contract/errors.ts";
import { DeferredParameter } from "../../tree/_deferred_parameter.ts";
import { valueNode } from "../../tree/_nodes.ts";
import type { Pass } from "../_pass.ts";
import type { GuardedReference } from "../_reference.ts";
import type { NamedAssignment } from "../rules.ts";
import { keyOfColumn, keysOfColumns } from "./_columns.ts";

/**
 * Assigned columns: columns that plugins set on what is written, by the hook `stamp`.
 *
 * | statement                       | rule                                                       |
 * | ------------------------------- | ---------------------------------------------------------- |
 * | INSERT .. VALUES                | a column of its own, the same value in every row           |
 * | INSERT DEFAULT VALUES           | becomes INSERT .. VALUES of the assigned columns                     |
 * | INSERT .. SELECT                | a selection of its own, behind the others                  |
 * | UPDATE, DO UPDATE, ON DUPLICATE | an assignment of its own                                   |
 * | MERGE                           | each of its INSERTs and UPDATEs                            |
 *
 * What is done with a column that the user gives as well is the hook's to say.
 */
export function assignInsert(
  node: InsertQueryNode,
  target: GuardedReference,
  pass: Pass,
): InsertQueryNode {
  let out = assignRows(node, target, pass);
  const { onConflict, onDuplicateKey } = out;
  if (onConflict?.updates !== undefined) {
    const updates = assignUpdates(onConflict.updates, target, undefined, pass);
    if (updates !== onConflict.updates) out = { ...out, onConflict: { ...onConflict, updates } };
  }
  if (onDuplicateKey !== undefined) {
    const updates = assignUpdates(onDuplicateKey.updates, target, undefined, pass);
    if (updates !== onDuplicateKey.updates) {
      out = { ...out, onDuplicateKey: { ...onDuplicateKey, updates } };
    }
  }
  return out;
}

/** Assigns the columns of an UPDATE: of each of several targets that it assigns to. */
export function assignUpdate(
  node: UpdateQueryNode,
  targets: readonly GuardedReference[],
  several: boolean,
  pass: Pass,
): UpdateQueryNode {
  if (node.updates === undefined) return node;
  let updates = node.updates;
  for (const target of targets) {
    const qualifier = several ? target.qualifier : undefined;
    if (qualifier !== undefined && !assignsTo(node.updates, qualifier, target)) continue;
    updates = assignUpdates(updates, target, qualifier, pass);
  }
  return updates === node.updates ? node : { ...node, updates };
}

/** Assigns the columns of the actions of a MERGE. */
export function assignMerge(
  node: MergeQueryNode,
  target: GuardedReference,
  pass: Pass,
): MergeQueryNode {
  if (node.whens === undefined) return node;
  const whens = node.whens.map((when): WhenNode => {
    const { result } = when;
    if (result?.kind === "InsertQueryNode") {
      return { ...when, result: assignRows(result as InsertQueryNode, target, pass) };
    }
    const { updates } = (result ?? {}) as Partial<UpdateQueryNode>;
    if (result?.kind !== "UpdateQueryNode" || updates === undefined) return when;
    const assigned = assignUpdates(updates, target, undefined, pass);
    return { ...when, result: { ...result, updates: assigned } as UpdateQueryNode };
  });
  return { ...node, whens };
}

/** Returns assignments with those of the plugins. */
export function assignUpdates(
  updates: readonly ColumnUpdateNode[],
  target: GuardedReference,
  qualifier: TableNode | undefined,
  pass: Pass,
): readonly ColumnUpdateNode[] {
  const assigned = target.assignments("update");
  if (assigned.length === 0) return updates;
  let out = updates;
  for (const assignment of assigned) {
    for (const [column, value] of Object.entries(assignment.set)) {
      const key = pass.rules.columnKey(column);
      const isGiven = (update: ColumnUpdateNode): boolean =>
        keyOfColumn(update.column, target, pass) === key;
      if (out.filter(isGiven).length > 0) {
        if (!overrides(assignment, column, target)) continue;
        out = out.filter((update) => !isGiven(update));
      }
      const node = ColumnNode.create(column);
      const assigned = qualifier === undefined ? node : ReferenceNode.create(node, qualifier);
      out = [...out, ColumnUpdateNode.create(assigned, valueNode(value))];
    }
  }
  return out;
}

function assignRows(
  node: InsertQueryNode,
  target: GuardedReference,
  pass: Pass,
): InsertQueryNode {
  const assigned = target.assignments("insert");
  if (assigned.length === 0) return node;
  let out = node;
  let added: Added[] = [];
  const keys = keysOfColumns(node.columns ?? [], target, pass);
  for (const assignment of assigned) {
    for (const [column, value] of Object.entries(assignment.set)) {
      const key = pass.rules.columnKey(column);
      const at = keys.indexOf(key);
      if (at < 0) {
        keys.push(key);
        added.push([column, value]);
        continue;
      }
      out = addColumns(out, added, target, pass);
      added = [];
      out = setColumn(out, at, value, overrides(assignment, column, target), target);
    }
  }
  return addColumns(out, added, target, pass);
}

/** A column, and what each row has in it. */
type Added = readonly [column: string, value: unknown];

/** Whether a stamp takes the place of what the user gave. @throws where it says that none may be */
function overrides(assignment: NamedAssignment, column: string, target: GuardedReference): boolean {
  if (assignment.given !== "refuse") return assignment.given === "replace";
  const table = target.tableName;
  throw new QueryRefusedError(
    `Cannot write column "${column}" of table "${table}": plugin "${assignment.plugin}" sets it; ` +
      "leave it out",
    "STAMPED_COLUMN",
    table,
  );
}

/** Adds all columns at once: there may be many rows. */
function addColumns(
  node: InsertQueryNode,
  added: readonly Added[],
  target: GuardedReference,
  pass: Pass,
): InsertQueryNode {
  if (added.length === 0) return node;
  const names = added.map(([column]) => ColumnNode.create(column));
  if (node.defaultValues === true) {
    const row = ValueListNode.create(added.map(([, value]) => valueNode(value)));
    const { defaultValues: _, ...rest } = node;
    return { ...rest, columns: names, values: ValuesNode.create([row]) };
  }
  const { values, columns } = node;
  if (columns === undefined || values === undefined) throw unassignable(added[0]![0], target);
  if (values.kind === "ValuesNode") {
    return {
      ...node,
      columns: [...columns, ...names],
      values: ValuesNode.create(withValues((values as ValuesNode).values, added)),
    };
  }
  if (values.kind !== "SelectQueryNode") throw unassignable(added[0]![0], target);
  const select = added.reduce(
    (select, [column, value]) => addSelection(select, column, value, pass),
    values as SelectQueryNode,
  );
  return { ...node, columns: [...columns, ...names], values: select };
}

type Row = ValuesNode["values"][number];

function withValues(rows: readonly Row[], added: readonly Added[]): readonly Row[] {
  const values = added.map(([, value]) => value);
  const arePlain = values.every((value) =>
    value instanceof DeferredParameter || !isExpression(value)
  );
  return rows.map((row) =>
    row.kind === "PrimitiveValueListNode" && arePlain
      ? PrimitiveValueListNode.create(row.values.concat(values))
      : ValueListNode.create([...nodesOf(row), ...values.map(valueNode)])
  );
}

/** A column the user gives: the stamp fills what was left to the default, or all of it. */
function setColumn(
  node: InsertQueryNode,
  at: number,
  value: unknown,
  replace: boolean,
  target: GuardedReference,
): InsertQueryNode {
  if (node.values?.kind !== "ValuesNode") {
    if (!replace) return node;
    throw unassignable(node.columns![at]!.column.name, target);
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
  pass: Pass,
): SelectQueryNode {
  // A handle has built it, and rewritten it without knowing where it would stand: a copy of that would
  // pass for what the user wrote.
  const select = (pass.rules.provenance.originalOf(built, pass.rules) ?? built) as SelectQueryNode;
  const added = SelectionNode.create(
    AliasNode.create(valueNode(value), IdentifierNode.create(column)),
  );
  const plain = select.setOperations === undefined && select.distinctOn === undefined &&
    select.frontModifiers === undefined && !pass.rules.provenance.isRewritten(select);
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
  target: GuardedReference,
): boolean {
  if (target.assignments("update").length === 0) return false;
  return updates.some(({ column }) => {
    const { table } = column as Partial<ReferenceNode>;
    if (column.kind !== "ReferenceNode" || table === undefined) {
      throw new QueryRefusedError(
        "Cannot tell which of several tables an UPDATE assigns to; qualify each column with its " +
          "table",
        "UNSUPPORTED",
        target.tableName,
      );
    }
    return table.table.identifier.name === qualifier.table.identifier.name;
  });
}

function isExpression(value: unknown): boolean {
  return typeof value === "object" && value !== null && "toOperationNode" in value;
}

function unassignable(column: string, target: GuardedReference): QueryRefusedError {
  const table = target.tableName;
  return new QueryRefusedError(
    `Cannot set column "${column}" of an INSERT into "${table}" whose rows are not values and no ` +
      "SELECT with a list of columns; write it with values(), or with columns() and expression()",
    "UNSUPPORTED",
    table,
  );
}
