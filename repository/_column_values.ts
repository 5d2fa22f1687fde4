import type { BadRequestError } from "@kysera/core";

/** The type of a column by its name, as the catalog writes it. */
export type ColumnTypes = (column: string) => string | undefined;

const TEXT = /^(?:var)?char\b|text\b|^enum\b|^set\b/;
const NUMBER = /^(?:tiny|small|medium|big)?int\b|^(?:decimal|float|double|year)\b/;
const NUMERIC = /^\s{0,9}[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:e[+-]?\d{1,4})?\s{0,9}$/i;

/**
 * A value for a column of MySQL or MariaDB, of the kind that the column is of. A number that is
 * compared with a text would be equal to every text that does not begin with a digit (`0`), and a
 * text to the number that it begins with (`"2 or 3"`).
 *
 * @throws {BadRequestError} for a value that is none of the column
 */
export function mysqlValue(
  value: unknown,
  type: string | undefined,
  wrong: (what: string) => BadRequestError,
): unknown {
  if (type === undefined) return value;
  if (TEXT.test(type)) {
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    if (typeof value === "boolean") throw wrong("a boolean, and the column holds text");
  } else if (NUMBER.test(type) && typeof value === "string" && !NUMERIC.test(value)) {
    throw wrong("a text that is not a number, and the column holds numbers");
  }
  return value;
}

/** Whether a column of PostgreSQL holds JSON. */
export function isJsonType(type: string | undefined): type is "json" | "jsonb" {
  return type === "json" || type === "jsonb";
}
