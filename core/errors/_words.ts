/**
 * The wording that the constraint errors share.
 *
 * @module
 */

/** `unique constraint "a"`, or `a unique constraint` where the name is not known. */
export function nameConstraint(kind: string, constraint: string | undefined): string {
  return constraint === undefined ? `a ${kind} constraint` : `${kind} constraint "${constraint}"`;
}

/** ` of table "t"`, or nothing. */
export function ofTable(table: string | undefined): string {
  return table === undefined ? "" : ` of table "${table}"`;
}

/** ` (columns "a", "b")`, or nothing. */
export function listColumns(columns: readonly string[]): string {
  if (columns.length === 0) return "";
  const noun = columns.length === 1 ? "column" : "columns";
  return ` (${noun} ${columns.map((column) => `"${column}"`).join(", ")})`;
}
