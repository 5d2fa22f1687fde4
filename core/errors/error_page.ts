import { ERROR_PAGE } from "./_error_page.ts";

/**
 * Returns the address of the section of the documentation that explains an error code: what it means,
 * which messages carry it, and what to do. Errors of the packages have it as `docs`.
 *
 * @param code a code of `ErrorCodes`; codes of your own have no section there
 * @returns the address
 *
 * @example
 * ```ts
 * import { errorPage, NotFoundError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new NotFoundError("users", { id: 7 });
 * assert.equal(error.docs, errorPage("RESOURCE_NOT_FOUND"));
 * assert.equal(error.docs, "https://kysera.github.io/kysera/errors#RESOURCE_NOT_FOUND");
 * ```
 */
export function errorPage(code: string): string {
  return ERROR_PAGE + code;
}
