import type {
  ColumnUpdateNode,
  InsertQueryNode,
  MergeQueryNode,
  OperationNode,
  ReferenceNode,
  UpdateQueryNode,
  ValueNode,
  ValuesNode,
} from "kysely";
import { isSatisfied } from "../../run/_checks.ts";
import type { Guard } from "../../hooks/_rules.ts";
import { LateValue } from "../../tree/_deferred_parameter.ts";
import type { NamedCheck } from "../../hooks/_table_rules.ts";
import { isSlot } from "../../tree/_slot.ts";
import { CheckRefusedError, QueryRefusedError } from "../../contract/errors.ts";
import { keysOfColumns } from "./_columns.ts";
import { type GuardedReference, guardedReference, nameOf } from "../_reference.ts";
import { targetsOf } from "../statements/_update.ts";

/**
 * Checks: what a new or changed row must satisfy. They look at the values that the statement itself
 * holds, after the stamps, before anything is sent: all rows, or nothing. Values that a plan is
 * given later are looked at when it is bound.
 *
 * | statement                       | looks at                                                    |
 * | ------------------------------- | ----------------------------------------------------------- |
 * | INSERT .. VALUES                | each row; a column that is left out is not known            |
 * | INSERT .. SELECT                | nothing is known, but what stamps set                       |
 * | UPDATE, DO UPDATE, ON DUPLICATE | what is assigned; where none of the check's columns is, and |
 * |                                 | the filter implies it, the row stays as it was found        |
 * | MERGE                           | each of its INSERTs and UPDATEs                             |
 *
 * What cannot be told is left to the database (`_check_in_statement.ts`), and refused where the check has
 * no predicate.
 */
export interface NeededChecks {
  readonly reference: GuardedReference;
  /** Of new rows. */
  readonly insert: readonly NamedCheck[];
  /** Of changed rows. */
  readonly update: readonly NamedCheck[];
  /** All that are asked of new rows of the statement, be they settled or not. */
  readonly asked: readonly NamedCheck[];
}

export function checkInsert(node: InsertQueryNode, guard: Guard): NeededChecks | undefined {
  const reference = node.into && guardedReference(node.into, undefined, guard);
  if (reference === undefined) return undefined;
  const { onConflict, onDuplicateKey } = node;
  const updates = onConflict?.updates ?? onDuplicateKey?.updates;
  const returning = showsRows(node) || updates !== undefined;
  const asked = reference.plan.checks(reference, "insert", returning, guard);
  const insert = unsettledRows(node, asked, reference, guard);
  const update = unsettledUpdates(updates, reference, returning, guard);
  return insert.length === 0 && update.length === 0
    ? undefined
    : { reference, insert, update, asked };
}

/** Checks of an UPDATE: of every target, as an assignment may be to any of them. */
export function checkUpdate(node: UpdateQueryNode, guard: Guard): NeededChecks[] {
  if (node.table === undefined) return [];
  const targets = targetsOf(node.table);
  return targets.flatMap((target) => {
    const reference = guardedReference(target, undefined, guard);
    if (reference === undefined) return [];
    const updates = targets.length === 1
      ? node.updates
      : node.updates?.filter(({ column }) => maybeOf(column, reference, guard));
    const update = unsettledUpdates(updates, reference, showsRows(node), guard);
    return update.length === 0 ? [] : [{ reference, insert: [], update, asked: [] }];
  });
}

/** Whether a column that is assigned may be one of this target of several. */
function maybeOf(column: OperationNode, reference: GuardedReference, guard: Guard): boolean {
  const { table } = column as Partial<ReferenceNode>;
  return column.kind !== "ReferenceNode" || table === undefined ||
    guard.physicalName(table.table.identifier.name) === guard.physicalName(nameOf(reference));
}

/** Checks of the actions of a MERGE. */
export function checkMerge(node: MergeQueryNode, guard: Guard): void {
  const reference = guardedReference(node.into, undefined, guard);
  if (reference === undefined) return;
  const returning = showsRows(node);
  for (const { result } of node.whens ?? []) {
    let needed: readonly NamedCheck[] = [];
    if (result?.kind === "InsertQueryNode") {
      const asked = reference.plan.checks(reference, "insert", returning, guard);
      needed = unsettledRows(result as InsertQueryNode, asked, reference, guard);
    } else if (result?.kind === "UpdateQueryNode") {
      const { updates } = result as UpdateQueryNode;
      needed = unsettledUpdates(updates, reference, returning, guard);
    }
    if (needed.length === 0) continue;
    throw uncheckable(needed[0]!, reference, "in a MERGE; run an UPDATE and an INSERT");
  }
}

/** The refusal of a statement that no form of can be checked. */
export function uncheckable(
  check: NamedCheck,
  { table }: GuardedReference,
  where: string,
): QueryRefusedError {
  const { name } = table.table.identifier;
  return new QueryRefusedError(
    `Cannot check that ${check.says} (plugin "${check.plugin}", table "${name}") ${where}, or write ` +
      `columns ${check.columns.map((column) => `"${column}"`).join(", ")} as values`,
    "UNCHECKABLE",
    name,
  );
}

function showsRows(node: object): boolean {
  const { returning, output } = node as { returning?: unknown; output?: unknown };
  return returning !== undefined || output !== undefined;
}

function unsettledRows(
  node: InsertQueryNode,
  checks: readonly NamedCheck[],
  reference: GuardedReference,
  guard: Guard,
): NamedCheck[] {
  if (checks.length === 0) return [];
  const names = keysOfColumns(node.columns ?? [], reference, guard);
  const rows = node.values?.kind === "ValuesNode" ? (node.values as ValuesNode).values : undefined;
  const at = (row: Row, column: string): unknown => {
    const index = names.indexOf(guard.columnKey(column));
    return index < 0 ? UNKNOWN : valueAt(row, index);
  };
  const stamped = lazy(() => stampedColumns(reference, "insert", guard));
  return checks.filter((check) => {
    if (check.predicate === undefined) {
      const looked = check.columns.filter((column) => !stamped().has(guard.columnKey(column)));
      if (looked.length === 0) return false;
      if (rows === undefined) throw unknown(check, looked[0]!, reference);
      for (const row of rows) {
        const known = new Map(looked.map((column) => [column, at(row, column)]));
        refuseUnknown(check, known, reference);
        settle(check, known, reference, guard);
      }
      return false;
    }
    // All of them are looked at, so that a refusal comes before anything is sent.
    const settled = (rows ?? [NO_ROW]).map((row) =>
      settle(check, knownOf(check, (column) => at(row, column)), reference, guard)
    );
    return settled.includes(false);
  });
}

function unsettledUpdates(
  updates: readonly ColumnUpdateNode[] | undefined,
  reference: GuardedReference,
  returning: boolean,
  guard: Guard,
): NamedCheck[] {
  if (updates === undefined) return [];
  const checks = reference.plan.checks(reference, "update", returning, guard);
  if (checks.length === 0) return [];
  const keys = keysOfColumns(updates.map(({ column }) => column), reference, guard);
  const assigns = (column: string): boolean => keys.includes(guard.columnKey(column));
  const at = (column: string): unknown => {
    const index = keys.indexOf(guard.columnKey(column));
    return index < 0 ? UNKNOWN : literal(updates[index]!.value);
  };
  const stamped = lazy(() => stampedColumns(reference, "update", guard));
  return checks.filter((check) => {
    if (check.implied && !check.columns.some(assigns)) return false;
    if (check.predicate !== undefined) {
      return !settle(check, knownOf(check, at), reference, guard);
    }
    const looked = check.columns.filter((column) => !stamped().has(guard.columnKey(column)));
    if (!looked.some(assigns)) return false;
    const known = new Map(looked.map((column) => [column, at(column)]));
    refuseUnknown(check, known, reference);
    settle(check, known, reference, guard);
    return false;
  });
}

const UNKNOWN: unique symbol = Symbol("unknown");

type Row = ValuesNode["values"][number];
/** A row of which nothing is known. */
const NO_ROW = { kind: "ValueListNode", values: [] } as Row;

function knownOf(check: NamedCheck, at: (column: string) => unknown): Map<string, unknown> {
  const known = new Map<string, unknown>();
  for (const column of check.columns) {
    const value = at(column);
    if (value !== UNKNOWN) known.set(column, value);
  }
  return known;
}

/**
 * Asks a check about a row, now or when the plan is bound.
 *
 * @returns `false` where the database has to be asked
 */
function settle(
  check: NamedCheck,
  known: Map<string, unknown>,
  reference: GuardedReference,
  guard: Guard,
): boolean {
  const table = reference.table.table.identifier.name;
  const { context } = guard.view;
  let open = false;
  for (const [column, value] of known) {
    if (isSlot(value)) open = true;
    else if (value instanceof LateValue) {
      if (guard.planning) open = true;
      else known.set(column, value.read(context, {}));
    }
  }
  if (!open) return isSatisfied(check, known, table, context);
  if (check.satisfied === undefined) return false;
  if (guard.defers || check.predicate === undefined) {
    guard.core.checks.deferred.push({ table, check, row: known });
    return true;
  }
  for (const [column, value] of known) {
    if (isSlot(value) || value instanceof LateValue) known.delete(column);
  }
  return isSatisfied(check, known, table, context);
}

function refuseUnknown(
  check: NamedCheck,
  known: ReadonlyMap<string, unknown>,
  reference: GuardedReference,
): void {
  for (const [column, value] of known) {
    if (value === UNKNOWN) throw unknown(check, column, reference);
  }
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

function valueAt(row: Row, at: number): unknown {
  return row.kind === "PrimitiveValueListNode" ? known(row.values[at]) : literal(row.values[at]);
}

function literal(node: OperationNode | undefined): unknown {
  return node?.kind === "ValueNode" ? known((node as ValueNode).value) : UNKNOWN;
}

/** A value, or what stands for one that a plan is given later. */
function known(value: unknown): unknown {
  const isExpression = typeof value === "object" && value !== null && "toOperationNode" in value;
  return isExpression && !isSlot(value) && !(value instanceof LateValue) ? UNKNOWN : value;
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
