import { type ErrorCode, ErrorCodes } from "./error_codes.ts";

/**
 * Tells whether a value is one of the codes that the packages use.
 *
 * @param code The value to look at.
 * @returns `true` for a code of any category.
 *
 * @example
 * ```ts
 * import { isValidErrorCode } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isValidErrorCode("DB_TIMEOUT"), true);
 * assert.equal(isValidErrorCode("toString"), false);
 * ```
 */
export function isValidErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ErrorCodes, code);
}
