/**
 * Tells whether a value is a promise, which nobody means to store or to look for: its `await` was
 * forgotten.
 *
 * @param value the value
 * @returns `true` for a promise and whatever else can be awaited; `false` for the builders of Kysely,
 * which have a `then` that warns
 *
 * @example
 * ```ts
 * import { isPromise } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isPromise(Promise.resolve(1)), true);
 * assert.equal(isPromise({ id: 1 }), false);
 * ```
 */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Promise) return true;
  const { then, toOperationNode } = value as { then?: unknown; toOperationNode?: unknown };
  return typeof then === "function" && typeof toOperationNode !== "function";
}
