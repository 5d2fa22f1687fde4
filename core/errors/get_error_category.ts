import { isValidErrorCode } from "./is_valid_error_code.ts";

/**
 * The category of a code: the part before its first underscore.
 *
 * @param code The code of an error.
 * @returns `DB`, `VALIDATION`, `RESOURCE`, `MIGRATION`, `PLUGIN`, `AUDIT`, `CONFIG`, `FS`,
 * `NETWORK`, or `UNKNOWN` for anything that is no code.
 *
 * @example
 * ```ts
 * import { getErrorCategory } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * assert.equal(getErrorCategory("RESOURCE_NOT_FOUND"), "RESOURCE");
 * assert.equal(getErrorCategory("teapot"), "UNKNOWN");
 * ```
 */
export function getErrorCategory(code: string): string {
  return isValidErrorCode(code) ? code.slice(0, code.indexOf("_")) : "UNKNOWN";
}
