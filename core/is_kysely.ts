import type { Kysely } from "kysely";

/**
 * Tells whether a value is a Kysely instance.
 *
 * @param value the value
 * @returns `true` for a `Kysely`, a transaction and an executor, of whichever copy of Kysely
 *
 * @example
 * ```ts
 * import { isKysely } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isKysely({}), false);
 * ```
 */
export function isKysely(value: unknown): value is Kysely<any> {
  if (typeof value !== "object" || value === null) return false;
  const { getExecutor, withPlugin } = value as Partial<Kysely<any>>;
  return typeof getExecutor === "function" && typeof withPlugin === "function";
}
