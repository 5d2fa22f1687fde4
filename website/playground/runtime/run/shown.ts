/** A value as it is shown. */
export interface Cell {
  readonly text: string;
  readonly kind: "null" | "number" | "text" | "other";
}

/** An error as it is shown. */
export interface ShownError {
  readonly name: string;
  readonly message: string;
  /** Its stable code, where it has one. */
  readonly code: string | undefined;
}

/** What a program returned, as it is shown. */
export type ShownResult =
  | {
    readonly kind: "rows";
    readonly columns: readonly string[];
    /** The first rows. */
    readonly rows: readonly (readonly Cell[])[];
    /** How many there are. */
    readonly total: number;
  }
  /** Of a list of queries, the result of each. */
  | { readonly kind: "several"; readonly results: readonly ShownResult[] }
  | { readonly kind: "value"; readonly text: string }
  | { readonly kind: "error"; readonly error: ShownError };

const MOST_ROWS = 200;
const LONGEST_TEXT = 400;

/** Returns a value as it is shown in a cell. */
export function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) {
    return { text: "null", kind: "null" };
  }
  if (typeof value === "number" || typeof value === "bigint") {
    return { text: String(value), kind: "number" };
  }
  if (typeof value === "string") {
    return { text: shortened(value), kind: "text" };
  }
  if (value instanceof Date) return { text: dateText(value), kind: "other" };
  if (value instanceof Uint8Array) {
    return { text: `${value.length} bytes`, kind: "other" };
  }
  return { text: shortened(jsonText(value)), kind: "other" };
}

/** Returns what a program returned as it is shown. */
export function resultOf(value: unknown): ShownResult {
  if (Array.isArray(value) && value.length > 0 && value.every(Array.isArray)) {
    return { kind: "several", results: value.map(resultOf) };
  }
  // The result of raw SQL, or of executeQuery().
  if (typeof value === "object" && value !== null && "rows" in value && isRows(value.rows)) {
    return resultOf(value.rows);
  }
  if (!isRows(value)) return { kind: "value", text: jsonText(value, 2) };
  // The result of a statement has members that are not told by every database.
  const told = value.flatMap((row) =>
    Object.entries(row).filter(([, each]) => each !== undefined).map(([name]) => name)
  );
  const columns = [...new Set(told)];
  const rows = value.slice(0, MOST_ROWS).map((row) => columns.map((name) => cellOf(row[name])));
  return { kind: "rows", columns, rows, total: value.length };
}

/** Returns an error as it is shown. */
export function errorOf(error: unknown): ShownError {
  if (!(error instanceof Error)) {
    return {
      name: "Error",
      message: `Thrown: ${jsonText(error)}`,
      code: undefined,
    };
  }
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    name: error.name,
    message: error.message,
    code: typeof code === "string" ? code : undefined,
  };
}

/** Returns a text that is equal for equal values. The order of rows does not count. */
export function canonicalText(value: unknown): string {
  return isRows(value) ? value.map((row) => jsonText(row)).sort().join("\n") : jsonText(value);
}

/** Returns a value as JSON; what JSON cannot hold is written in words. */
export function jsonText(value: unknown, indent = 0): string {
  const shown = (_: string, each: unknown): unknown =>
    typeof each === "bigint"
      ? Number.isSafeInteger(Number(each)) ? Number(each) : String(each)
      : each instanceof Uint8Array
      ? `${each.length} bytes`
      : typeof each === "function"
      ? `function ${each.name}`
      : each;
  try {
    return JSON.stringify(value, shown, indent) ?? String(value);
  } catch (error) {
    return error instanceof Error ? `not shown: ${error.message}` : "not shown";
  }
}

function isRows(
  value: unknown,
): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((row) => typeof row === "object" && row !== null && !Array.isArray(row));
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? "invalid date" : date.toISOString();
}

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)} ..` : text;
}
