import { AuditError } from "../contract/errors.ts";
import { type JsonValue, stringifyExact } from "../sql/_json.ts";

/** What entries call the row with a key: its text, or a JSON list of a composite one. */
export function entityIdOf(table: string, columns: readonly string[], key: unknown): string {
  const values = keyValues(table, columns, key);
  return values.length === 1 ? String(values[0]) : stringifyExact(values);
}

/** The values of a key, in the order of its columns. @throws {AuditError} */
export function keyValues(
  table: string,
  columns: readonly string[],
  key: unknown,
): JsonValue[] {
  const isObject = typeof key === "object" && key !== null && !(key instanceof Date) &&
    !(key instanceof Uint8Array);
  const given = isObject
    ? columns.map((column) => (key as Readonly<Record<string, unknown>>)[column])
    : [key];
  if (given.length !== columns.length) {
    throw invalid(
      table,
      `its key is ${columns.map((each) => `"${each}"`).join(", ") || "nothing"}`,
    );
  }
  return given.map((value) => {
    if (value instanceof Date) return value.toISOString();
    if (value instanceof Uint8Array) {
      return "\\x" + [...value].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") {
      return value;
    }
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw invalid(table, `a value of its key is ${String(value)}`);
  });
}

function invalid(table: string, problem: string): AuditError {
  return new AuditError(
    `Cannot find a row of "${table}" by its key: ${problem}; pass a value, or an object of the ` +
      "key's columns",
    "AUDIT_INVALID_VALUE",
  );
}
