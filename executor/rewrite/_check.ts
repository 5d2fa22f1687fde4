import type {
  ColumnUpdateNode,
  InsertQueryNode,
  MergeQueryNode,
  OperationNode,
  UpdateQueryNode,
  ValueNode,
  ValuesNode,
} from "kysely";
import type { Guard } from "../_guard.ts";
import { callHook, type NamedCheck } from "../_plan.ts";
import { CheckRefusedError } from "../errors.ts";
import { keysOfColumns } from "./_columns.ts";
import { type GuardedReference, guardedReference } from "./_reference.ts";
import { targetsOf } from "./_update.ts";

/**
 * Checks: what a new or changed row must satisfy. They look at the values that the statement itself
 * holds, after the stamps, before anything is sent: all rows, or nothing.
 *
 * | statement                       | rule                                                        |
 * | ------------------------------- | ----------------------------------------------------------- |
 * | INSERT .. VALUES                | each row; a column that is left out counts as not known     |
 * | INSERT .. SELECT                | refused, unless stamps set every column that is looked at   |
 * | UPDATE, DO UPDATE, ON DUPLICATE | where a column that is looked at is assigned; else the row  |
 * |                                 | stays as the filter found it                                |
 * | MERGE                           | each of its INSERTs and UPDATEs                             |
 *
 * A column that is set to an expression is not known, and the statement is refused.
 */
export function checkInsert(node: InsertQueryNode, guard: Guard): void {
  const reference = node.into && guardedReference(node.into, undefined, guard);
  if (reference === undefined) return;
  checkRows(node, reference, guard);
  checkUpdates(node.onConflict?.updates, reference, guard);
  checkUpdates(node.onDuplicateKey?.updates, reference, guard);
}

/** Checks of an UPDATE: of every target, as an assignment may be to any of them. */
export function checkUpdate(node: UpdateQueryNode, guard: Guard): void {
  if (node.table === undefined) return;
  for (const target of targetsOf(node.table)) {
    const reference = guardedReference(target, undefined, guard);
    if (reference !== undefined) checkUpdates(node.updates, reference, guard);
  }
}

/** Checks of the actions of a MERGE. */
export function checkMerge(node: MergeQueryNode, guard: Guard): void {
  const reference = guardedReference(node.into, undefined, guard);
  if (reference === undefined) return;
  for (const { result } of node.whens ?? []) {
    if (result?.kind === "InsertQueryNode") {
      checkRows(result as InsertQueryNode, reference, guard);
    } else if (result?.kind === "UpdateQueryNode") {
      checkUpdates((result as UpdateQueryNode).updates, reference, guard);
    }
  }
}

function checkRows(node: InsertQueryNode, reference: GuardedReference, guard: Guard): void {
  const checks = reference.plan.checks(reference, "insert", guard);
  if (checks.length === 0) return;
  const names = keysOfColumns(node.columns ?? [], reference, guard);
  const stamped = stampedColumns(reference, "insert", guard);
  for (const check of checks) {
    const looked = check.columns.filter((column) => !stamped.has(guard.columnKey(column)));
    if (looked.length === 0) continue;
    if (node.values?.kind !== "ValuesNode") throw unknown(check, looked[0]!, reference);
    for (const row of (node.values as ValuesNode).values) {
      const values = new Map<string, unknown>();
      for (const column of looked) {
        const at = names.indexOf(guard.columnKey(column));
        const value = at < 0 ? UNKNOWN : valueAt(row, at);
        if (value === UNKNOWN) throw unknown(check, column, reference);
        values.set(column, value);
      }
      apply(check, values, reference);
    }
  }
}

function checkUpdates(
  updates: readonly ColumnUpdateNode[] | undefined,
  reference: GuardedReference,
  guard: Guard,
): void {
  if (updates === undefined) return;
  const checks = reference.plan.checks(reference, "update", guard);
  if (checks.length === 0) return;
  const keys = keysOfColumns(updates.map(({ column }) => column), reference, guard);
  const stamped = stampedColumns(reference, "update", guard);
  for (const check of checks) {
    const looked = check.columns.filter((column) => !stamped.has(guard.columnKey(column)));
    const assigned = new Map<string, unknown>();
    updates.forEach(({ value }, i) => {
      const column = looked.find((each) => guard.columnKey(each) === keys[i]);
      if (column !== undefined) assigned.set(column, literal(value));
    });
    if (assigned.size === 0) continue;
    for (const column of looked) {
      const value = assigned.has(column) ? assigned.get(column) : UNKNOWN;
      if (value === UNKNOWN) throw unknown(check, column, reference);
    }
    apply(check, assigned, reference);
  }
}

const UNKNOWN: unique symbol = Symbol("unknown");

function apply(
  check: NamedCheck,
  values: ReadonlyMap<string, unknown>,
  reference: GuardedReference,
): void {
  const row = Object.freeze(Object.fromEntries(values));
  if (callHook(check.plugin, "check", () => check.satisfied(row)) === true) return;
  throw new CheckRefusedError(
    reference.table.table.identifier.name,
    check.plugin,
    check.says,
    `a row does not satisfy it`,
  );
}

function unknown(
  check: NamedCheck,
  column: string,
  reference: GuardedReference,
): CheckRefusedError {
  return new CheckRefusedError(
    reference.table.table.identifier.name,
    check.plugin,
    check.says,
    `the value of column "${column}" is not known before the statement runs; write it as a value`,
  );
}

/** Columns that stamps set whatever the user gives need no check. */
function stampedColumns(
  reference: GuardedReference,
  operation: "insert" | "update",
  guard: Guard,
): ReadonlySet<string> {
  const sure = reference.plan.stamps(reference, operation, guard)
    .filter((stamp) => stamp.given === "replace" || stamp.given === "refuse");
  return new Set(sure.flatMap(({ set }) => Object.keys(set).map((name) => guard.columnKey(name))));
}

function valueAt(row: ValuesNode["values"][number], at: number): unknown {
  return row.kind === "PrimitiveValueListNode" ? row.values[at] : literal(row.values[at]);
}

function literal(node: OperationNode | undefined): unknown {
  return node?.kind === "ValueNode" && !isLate((node as ValueNode).value)
    ? (node as ValueNode).value
    : UNKNOWN;
}

/** A value that is only read when the query runs. */
function isLate(value: unknown): boolean {
  return typeof value === "object" && value !== null && "toOperationNode" in value;
}
