import { type Expression, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { imageOf, refTo, type RowTraits } from "./_image.ts";
import type { AuditedTable } from "./_table.ts";

/** The statements of the triggers of one table, and of what they have in common. */
export interface TriggerParts {
  readonly before: readonly string[];
  readonly table: (table: AuditedTable) => TableTriggers;
  readonly after: readonly string[];
}

/** The triggers of one table. */
export interface TableTriggers {
  readonly create: readonly string[];
  readonly drop: readonly string[];
  /** What the catalog has of them, where they are as they should be. */
  readonly expected: readonly Trigger[];
}

/** A trigger, as the catalog has it. */
export interface Trigger {
  readonly name: string;
  /** What it does, or the end of it. */
  readonly text: string;
}

/** The triggers that a table has. */
export interface FoundTriggers {
  readonly ours: readonly Trigger[];
  /**
   * Whether what ours tell may differ from what the plugin does: where others may change a row again
   * before ours have told what the statement made of it, the entries are in the wrong order.
   */
  readonly mayDiffer: boolean;
}

/** What a trigger is for. */
export const OPERATIONS = ["insert", "update", "delete"] as const;

/** What all names of triggers begin with. */
export const TRIGGER_PREFIX = "kysera_audit_";

/** The name of a trigger. */
export function triggerOf({ info }: AuditedTable, operation: string): string {
  return `${TRIGGER_PREFIX}${operation}_${info.name}`;
}

/** What the trigger says happened. */
function operationOf({ deletedAt }: AuditedTable, operation: string): Expression<any> {
  if (operation !== "update" || deletedAt === undefined) return sql`${operation.toUpperCase()}`;
  const [was, is] = [refTo(deletedAt, "old"), refTo(deletedAt, "new")];
  return sql`case when ${was} is null and ${is} is not null then 'SOFT_DELETE'
    when ${was} is not null and ${is} is null then 'RESTORE' else 'UPDATE' end`;
}

/**
 * The values of `table_name`, `entity_id`, `operation`, `old_values` and `new_values`, where a
 * trigger of its own writes each operation.
 *
 * @param entity the key of the row that is called `old` or `new`
 */
export function entryValues(
  table: AuditedTable,
  operation: typeof OPERATIONS[number],
  { captureOldValues, captureNewValues }: Settings,
  rows: RowTraits,
  entity: (table: AuditedTable, row: string) => Expression<any>,
): Expression<any>[] {
  const hasOld = operation !== "insert" && captureOldValues;
  const hasNew = operation !== "delete" && captureNewValues;
  return [
    sql`${table.label}`,
    entity(table, operation === "delete" ? "old" : "new"),
    operationOf(table, operation),
    hasOld ? imageOf(table, "old", rows) : sql`null`,
    hasNew ? imageOf(table, "new", rows) : sql`null`,
  ];
}
