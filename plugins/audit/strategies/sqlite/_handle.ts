import type { AuditedTable } from "../common/_table.ts";

/** What rows of a table are found by: their number, or else their key. */
export function sqliteHandle(table: AuditedTable): readonly string[] {
  if (table.info.withoutRowid) return table.info.key;
  const taken = new Set(table.info.columns.map(({ name }) => name.toLowerCase()));
  const name = ["rowid", "_rowid_", "oid"].find((each) => !taken.has(each));
  return name === undefined ? table.key : [name];
}
