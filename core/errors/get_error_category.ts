import { errorCodeTables } from "./error_codes.ts";

/**
 * Returns the category of a code.
 *
 * @param code the code of an error
 * @returns an `ErrorCategory`, such as `DB` or `RESOURCE`; `UNKNOWN` for anything else
 *
 * @example
 * ```ts
 * import { getErrorCategory } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * assert.equal(getErrorCategory("RESOURCE_NOT_FOUND"), "RESOURCE");
 * assert.equal(getErrorCategory("RAW_SQL"), "EXECUTOR");
 * assert.equal(getErrorCategory("teapot"), "UNKNOWN");
 * ```
 */
export function getErrorCategory(code: string): string {
  const found = Object.entries(errorCodeTables).find(([, codes]) => Object.hasOwn(codes, code));
  return found?.[0] ?? "UNKNOWN";
}
