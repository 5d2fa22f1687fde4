import type { AuditEntry, AuditValues } from "../contract/entry.ts";
import { type JsonValue, stringifyExact } from "../sql/_json.ts";

/** Change of a column; `undefined` where the row has no such column, or is not there. */
export interface ColumnChange {
  /** Its value before. */
  readonly from: JsonValue | undefined;
  /** Its value after. */
  readonly to: JsonValue | undefined;
}

/**
 * Returns the columns in which two entries differ: the row as it was after the first, and after the
 * second. Of one entry alone: as it was before, and after.
 *
 * @param entry the entry; the earlier of two
 * @param later the later one
 * @returns the columns that differ
 *
 * @example
 * ```ts
 * import { type AuditEntry, diff } from "@kysera/audit";
 * import { deepEqual } from "node:assert/strict";
 *
 * const entry: AuditEntry = {
 *   id: 7,
 *   table_name: "users",
 *   entity_id: "1",
 *   operation: "UPDATE",
 *   old_values: { id: 1, name: "Ada", age: 36 },
 *   new_values: { id: 1, name: "Ada Lovelace", age: 36 },
 *   changed_by: null,
 *   changed_at: "2026-01-31T12:00:00.000Z",
 *   metadata: null,
 *   request_id: null,
 * };
 * deepEqual(diff(entry), { name: { from: "Ada", to: "Ada Lovelace" } });
 * ```
 */
export function diff(
  entry: AuditEntry,
  later?: AuditEntry,
): Readonly<Record<string, ColumnChange>> {
  const before = later === undefined ? entry.old_values : entry.new_values;
  const after = (later ?? entry).new_values;
  return changedColumns(before, after);
}

/** Returns the columns in which two rows differ. */
export function changedColumns(
  before: AuditValues | null,
  after: AuditValues | null,
): Record<string, ColumnChange> {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  const changes: [string, ColumnChange][] = [];
  for (const name of names) {
    const from = before?.[name];
    const to = after?.[name];
    if (!isSame(from, to)) changes.push([name, { from, to }]);
  }
  return Object.fromEntries(changes);
}

function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return stringifyExact(a) === stringifyExact(b);
}
