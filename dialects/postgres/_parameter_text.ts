import { BadRequestError } from "@kysera/core";

/**
 * Returns a parameter as PostgreSQL reads it from text, so that the type is the statement's to say.
 *
 * @throws {BadRequestError} for what has no text
 */
export function parameterText(value: unknown, index = 0): string | null {
  if (value === undefined || value === null) return null;
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      break;
    default:
      throw new BadRequestError(
        `Cannot bind parameter ${index + 1}: it is a ${typeof value}; pass a value`,
      );
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) {
      throw new BadRequestError(`Cannot bind parameter ${index + 1}: it is an invalid Date`);
    }
    return value.toISOString();
  }
  if (value instanceof Uint8Array) return hexOf(value);
  if (value instanceof ArrayBuffer) return hexOf(new Uint8Array(value));
  return Array.isArray(value) ? arrayText(value, index) : JSON.stringify(value);
}

function hexOf(bytes: Uint8Array): string {
  return `\\x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function arrayText(items: readonly unknown[], index: number): string {
  const parts = items.map((item) => {
    if (Array.isArray(item)) return arrayText(item, index);
    const text = parameterText(item, index);
    return text === null ? "NULL" : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  });
  return `{${parts.join(",")}}`;
}
