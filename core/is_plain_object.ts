/**
 * Tells whether a value is an object as a literal creates one.
 *
 * @param value the value
 * @returns `true` for `{ .. }` and for an object without a prototype; `false` for dates, bytes,
 * lists and instances of any other class
 *
 * @example
 * ```ts
 * import { isPlainObject } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isPlainObject({ id: 1 }), true);
 * assert.equal(isPlainObject(new Date()), false);
 * ```
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
