import { type CellValue, table } from "./_table.ts";

/** Shows rows as a table. */
export function rowsText(
  rows: readonly Record<string, unknown>[],
  columns: readonly string[],
  paint: (title: string) => string,
): string {
  return table(columns, rows.map((row) => columns.map((column) => cellOf(row[column]))), paint);
}

function cellOf(value: unknown): CellValue {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return value as CellValue;
}
