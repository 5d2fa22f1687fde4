import type { Dialect, ErrorCode } from "@kysera/core";
import { classify } from "./_classify.ts";

/** What the database does not answer with as long as it is well. */
const OUTAGES: ReadonlySet<string> = new Set([
  "DB_CONNECTION_FAILED" satisfies ErrorCode,
  "DB_POOL_EXHAUSTED" satisfies ErrorCode,
  "DB_TIMEOUT" satisfies ErrorCode,
]);

/** Classes of SQLSTATE: insufficient resources, system error, internal error. */
const OUTAGE_CLASSES: ReadonlySet<string> = new Set(["53", "58", "XX"]);

/**
 * Returns whether an error says that the other side is in trouble, and not that it refused a
 * request: what a {@linkcode CircuitBreaker} counts. A violated constraint, a syntax error, a
 * deadlock are answers of a database that is well. Errors that no database throws count.
 *
 * @param error what was thrown
 * @param dialect the database it came from; without it every database's codes are tried
 * @returns whether it is an outage
 *
 * @example
 * ```ts
 * import { isOutageError } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
 * const duplicate = Object.assign(new Error("duplicate key"), { code: "23505" });
 * assert.equal(isOutageError(refused), true);
 * assert.equal(isOutageError(duplicate), false);
 * assert.equal(isOutageError(new TypeError("fetch failed")), true);
 * ```
 */
export function isOutageError(error: unknown, dialect?: Dialect): boolean {
  const known = classify(error, dialect);
  if (known === undefined) return true;
  return OUTAGES.has(known.code) || OUTAGE_CLASSES.has(known.sqlState?.slice(0, 2) ?? "");
}
