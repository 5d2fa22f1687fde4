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
import { CheckRefusedError, QueryRefusedError } from "../../contract/errors.ts";
import type { Attributes } from "../../contract/plugin.ts";
import { DeferredParameter } from "../../tree/_deferred_parameter.ts";
import { isSlot } from "../../tree/_slot.ts";
import type { CacheKey, Pass } from "../_pass.ts";
import type { GuardedReference } from "../_reference.ts";
import { isSatisfied } from "../_row_checks.ts";
import type { NamedCheck } from "../rules.ts";
import { keysOfColumns } from "./_columns.ts";

/**
 * Checks: what a new or changed row must satisfy. They look at the values that the statement itself
 * holds, after the assigned columns, before anything is sent: all rows, or nothing. Values that a plan is
 * given later are looked at when it is bound.
 *
 * | statement                       | looks at                                                    |
 * | ------------------------------- | ----------------------------------------------------------- |
 * | INSERT .. VALUES                | each row; a column that is left out is not known            |
 * | INSERT .. SELECT                | nothing is known, but what plugins assign                       |
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

export function checkInsert(
  node: InsertQueryNode,
  target: GuardedReference,
  pass: Pass,
): NeededChecks | undefined {
  const { onConflict, onDuplicateKey } = node;
  const updates = onConflict?.updates ?? onDuplicateKey?.updates;
  const returning = showsRows(node) || updates !== undefined;
  const asked = target.rules.checks(target, "insert", returning, pass);
  const insert = unsettledRows(node, asked, target, pass);
  const update = unsettledUpdates(updates, target, returning, pass);
  return insert.length === 0 && update.length === 0
    ? undefined
    : { reference: target, insert, update, asked };
}

/** Checks of an UPDATE: of every target, as an assignment may be to any of them. */
export function checkUpdate(
  node: UpdateQueryNode,
  targets: readonly GuardedReference[],
  several: boolean,
  pass: Pass,
): NeededChecks[] {
  return targets.flatMap((target) => {
    const updates = several
      ? node.updates?.filter(({ column }) => maybeOf(column, target, pass))
      : node.updates;
    const update = unsettledUpdates(updates, target, showsRows(node), pass);
    return update.length === 0 ? [] : [{ reference: target, insert: [], update, asked: [] }];
  });
}

/** Returns true if a column that is assigned may be one of this target of several. */
function maybeOf(column: OperationNode, target: GuardedReference, { rules }: Pass): boolean {
  const { table } = column as Partial<ReferenceNode>;
  return column.kind !== "ReferenceNode" || table === undefined ||
    rules.physicalName(table.table.identifier.name) === rules.physicalName(target.name);
}

/** Checks of the actions of a MERGE. */
export function checkMerge(node: MergeQueryNode, target: GuardedReference, pass: Pass): void {
  const returning = showsRows(node);
  for (const { result } of node.whens ?? []) {
    let needed: readonly NamedCheck[] = [];
    if (result?.kind === "InsertQueryNode") {
      const asked = target.rules.checks(target, "insert", returning, pass);
      needed = unsettledRows(result as InsertQueryNode, asked, target, pass);
    } else if (result?.kind === "UpdateQueryNode") {
      const { updates } = result as UpdateQueryNode;
      needed = unsettledUpdates(updates, target, returning, pass);
    }
    if (needed.length === 0) continue;
    throw uncheckable(needed[0]!, target, "in a MERGE; run an UPDATE and an INSERT");
  }
}

/** The refusal of a statement that no form of can be checked. */
export function uncheckable(
  check: NamedCheck,
  { tableName: name }: GuardedReference,
  where: string,
): QueryRefusedError {
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
  pass: Pass,
): NamedCheck[] {
  if (checks.length === 0) return [];
  const names = keysOfColumns(node.columns ?? [], reference, pass);
  const rows = node.values?.kind === "ValuesNode" ? (node.values as ValuesNode).values : undefined;
  const assigned = lazy(() => assignedColumns(reference, "insert", pass));
  return checks.filter((check) => {
    if (check.predicate === undefined) {
      const looked = check.columns.filter((column) =>
        !assigned().has(pass.rules.columnKey(column))
      );
      if (looked.length === 0) return false;
      if (rows === undefined) throw unknown(check, looked[0]!, reference);
      eachDistinct(rows, looked, names, pass, (values) => {
        refuseUnknown(check, values, reference);
        settle(check, values, reference, pass);
      });
      return false;
    }
    // All of them are looked at, so that a refusal comes before anything is sent.
    let isSettled = true;
    eachDistinct(rows ?? [NO_ROW], check.columns, names, pass, (values) => {
      if (!settle(check, knownOf(values), reference, pass)) isSettled = false;
    });
    return !isSettled;
  });
}

/**
 * Calls `use` with what rows have in some columns: once for rows one after the other that have the
 * same, as those have whose columns plugins assign.
 *
 * @param names the columns of the rows
 */
function eachDistinct(
  rows: readonly Row[],
  columns: readonly string[],
  names: readonly string[],
  pass: Pass,
  use: (values: ReadonlyMap<string, unknown>) => void,
): void {
  const places = columns.map((column) => names.indexOf(pass.rules.columnKey(column)));
  let before: readonly unknown[] | undefined;
  for (const row of rows) {
    const values = places.map((at) => at < 0 ? UNKNOWN : valueAt(row, at));
    if (before !== undefined && values.every((value, i) => Object.is(value, before![i]))) continue;
    before = values;
    use(new Map(columns.map((column, i) => [column, values[i]])));
  }
}

function unsettledUpdates(
  updates: readonly ColumnUpdateNode[] | undefined,
  reference: GuardedReference,
  returning: boolean,
  pass: Pass,
): NamedCheck[] {
  if (updates === undefined) return [];
  const checks = reference.rules.checks(reference, "update", returning, pass);
  if (checks.length === 0) return [];
  const keys = keysOfColumns(updates.map(({ column }) => column), reference, pass);
  const assigns = (column: string): boolean => keys.includes(pass.rules.columnKey(column));
  const at = (column: string): unknown => {
    const index = keys.indexOf(pass.rules.columnKey(column));
    return index < 0 ? UNKNOWN : literal(updates[index]!.value);
  };
  const assigned = lazy(() => assignedColumns(reference, "update", pass));
  return checks.filter((check) => {
    if (check.implied && !check.columns.some(assigns)) return false;
    if (check.predicate !== undefined) {
      const values = new Map(check.columns.map((column) => [column, at(column)]));
      return !settle(check, knownOf(values), reference, pass);
    }
    const looked = check.columns.filter((column) => !assigned().has(pass.rules.columnKey(column)));
    if (!looked.some(assigns)) return false;
    const known = new Map(looked.map((column) => [column, at(column)]));
    refuseUnknown(check, known, reference);
    settle(check, known, reference, pass);
    return false;
  });
}

const UNKNOWN: unique symbol = Symbol("unknown");

type Row = ValuesNode["values"][number];
/** A row of which nothing is known. */
const NO_ROW = { kind: "ValueListNode", values: [] } as Row;

function knownOf(values: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  return new Map([...values].filter(([, value]) => value !== UNKNOWN));
}

/**
 * Asks a check about a row: now, or where the query is prepared for whoever runs it, when it is bound.
 *
 * @returns `false` where the database has to be asked
 */
function settle(
  check: NamedCheck,
  known: ReadonlyMap<string, unknown>,
  reference: GuardedReference,
  pass: Pass,
): boolean {
  if (check.satisfied === undefined) return false;
  const table = reference.tableName;
  if (pass.mode === "prepare") {
    if (!pass.defersChecks && check.predicate !== undefined) return false;
    pass.checks.deferred.push({ table, check, row: known });
    return true;
  }
  const { request, callerMayChange } = pass.rules;
  const read: CacheKey["read"] = (context, run) =>
    isSatisfied(check, rowFor(known, context, run), table, context, run);
  const value = read(request.context, pass.run) as boolean;
  if (callerMayChange) pass.usage.keys = [...pass.usage.keys, { read, value }];
  return value;
}

/** Returns a row with what plugins assign, read for the same run as what the check asks for. */
function rowFor(
  known: ReadonlyMap<string, unknown>,
  context: Attributes | undefined,
  run: object,
): ReadonlyMap<string, unknown> {
  let row: Map<string, unknown> | undefined;
  for (const [column, value] of known) {
    if (!(value instanceof DeferredParameter)) continue;
    (row ??= new Map(known)).set(column, value.read(context, run));
  }
  return row ?? known;
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
    reference.tableName,
    check.plugin,
    check.says,
    `the value of column "${column}" is not known before the statement runs; write it as a value`,
  );
}

/** Columns that plugins assign whatever the user gives need no check. */
function assignedColumns(
  reference: GuardedReference,
  operation: "insert" | "update",
  { rules }: Pass,
): ReadonlySet<string> {
  const sure = reference.assignments(operation)
    .filter(({ given }) => given === "replace" || given === "refuse");
  return new Set(sure.flatMap(({ set }) => Object.keys(set).map((name) => rules.columnKey(name))));
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
  return isExpression && !isSlot(value) && !(value instanceof DeferredParameter) ? UNKNOWN : value;
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
