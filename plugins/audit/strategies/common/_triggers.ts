import { type Expression, sql } from "kysely";
import { imageOf, refTo } from "./_image.ts";
import type { Settings } from "../../contract/_settings.ts";
import type { AuditedTable } from "../../write/_tables.ts";

/** What a trigger is for. */
export const OPERATIONS = ["insert", "update", "delete"] as const;

/** What all names of triggers begin with. */
export const TRIGGER_PREFIX = "kysera_audit_";

/** The name of a trigger. */
export function triggerOf(table: AuditedTable, operation: string): string {
  return `${TRIGGER_PREFIX}${operation}_${table.name}`;
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
  dialect: "mysql" | "sqlite",
  entity: (table: AuditedTable, row: string) => Expression<any>,
): Expression<any>[] {
  const hasOld = operation !== "insert" && captureOldValues;
  const hasNew = operation !== "delete" && captureNewValues;
  return [
    sql`${table.label}`,
    entity(table, operation === "delete" ? "old" : "new"),
    operationOf(table, operation),
    hasOld ? imageOf(table, "old", dialect) : sql`null`,
    hasNew ? imageOf(table, "new", dialect) : sql`null`,
  ];
}
