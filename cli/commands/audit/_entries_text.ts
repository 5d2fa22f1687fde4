import { type AuditEntry, type ColumnChange, diff } from "@kysera/audit";
import type { Colors } from "../../terminal/_colors.ts";
import { plainText, table } from "../../terminal/_table.ts";

/** Shows entries, a line each; what changed from what to what only where it is asked for. */
export function entriesText(
  entries: readonly AuditEntry[],
  showsValues: boolean,
  { bold, dim }: Colors,
): string {
  if (entries.length === 0) return "There are no entries";
  const shown = table(
    ["Id", "When", "Operation", "Table", "Row", "By", "Columns"],
    entries.map((entry) => [
      entry.id,
      entry.changed_at.replace("T", " "),
      entry.operation,
      entry.table_name,
      entry.entity_id,
      entry.changed_by,
      Object.keys(diff(entry)).join(", "),
    ]),
    bold,
  );
  if (!showsValues) return shown;
  const [head, ...lines] = shown.split("\n");
  return [
    head,
    ...lines.flatMap((line, i) => [line, ...changeLines(diff(entries[i]!)).map(dim)]),
  ].join("\n");
}

/** Shows the columns that differ, a line each. */
export function changeLines(changes: Readonly<Record<string, ColumnChange>>): string[] {
  return Object.entries(changes).map(([column, { from, to }]) =>
    `  ${plainText(column)}: ${valueText(from)} -> ${valueText(to)}`
  );
}

function valueText(value: unknown): string {
  if (value === undefined) return "(nothing)";
  const json = JSON.stringify(value, (_, each) => typeof each === "bigint" ? String(each) : each);
  return plainText(json);
}
