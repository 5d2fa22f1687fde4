/** A value as text that is equal for equal values, whatever order object keys or JSON arrays have. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof Date) return `date ${value.toISOString()}`;
  if (typeof value === "string") return canonicalText(value);
  if (typeof value !== "object") return String(value);
  // The order inside an aggregated array is not promised by any dialect.
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join(", ")}]`;
  const entries = Object.entries(value).map(([key, v]) => `${key}: ${canonical(v)}`);
  return `{ ${entries.sort().join(", ")} }`;
}

/** JSON that comes as text (as SQLite gives it) is compared as what it says. */
function canonicalText(value: string): string {
  if (!value.startsWith("[") && !value.startsWith("{")) return JSON.stringify(value);
  try {
    return `json ${canonical(JSON.parse(value))}`;
  } catch {
    return JSON.stringify(value);
  }
}

/** Rows as a list of texts: sorted, so that it compares as a bag, unless their order counts. */
export function canonicalRows(rows: readonly unknown[], ordered = false): string[] {
  const out = rows.map(canonical);
  return ordered ? out : out.sort();
}
