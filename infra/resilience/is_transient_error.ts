import type { Dialect } from "@kysera/core";
import { classify } from "./_classify.ts";

/**
 * Returns whether the same work may succeed when it is run again: deadlocks, serialization
 * failures, lock timeouts, connections that were lost or refused, a pool without a free connection.
 * Told by what the database or the driver reports, whichever it is.
 *
 * After a lost connection nobody knows whether a write took effect: only repeat what may happen
 * twice.
 *
 * @param error what was thrown
 * @param dialect the database it came from; without it every database's codes are tried
 * @returns whether to try again
 *
 * @example
 * ```ts
 * import { isTransientError } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const deadlock = Object.assign(new Error("deadlock detected"), { code: "40P01" });
 * const duplicate = Object.assign(new Error("duplicate key"), { code: "23505" });
 * assert.equal(isTransientError(deadlock), true);
 * assert.equal(isTransientError(duplicate), false);
 * assert.equal(isTransientError(new TypeError("x is undefined")), false);
 * ```
 */
export function isTransientError(error: unknown, dialect?: Dialect): boolean {
  return classify(error, dialect)?.retryable ?? false;
}
