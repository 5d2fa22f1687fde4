/**
 * Returns whether a value is a row: an object that is not a list, date, map, set or bytes.
 *
 * @param value anything
 *
 * @example
 * ```ts
 * import { isValidRow } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isValidRow({ id: 7 }), true);
 * assert.equal(isValidRow([7]), false);
 * assert.equal(isValidRow(null), false);
 * ```
 */
export function isValidRow(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  // The rows of some drivers have no prototype, those of others a class of the driver's.
  return !(value instanceof Date) && !ArrayBuffer.isView(value) && !(value instanceof Map) &&
    !(value instanceof Set);
}
