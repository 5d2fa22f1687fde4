import { BadRequestError } from "@kysera/core";
import { validateIdentifier } from "./validate_identifier.ts";

const SHOWN = 64;

/**
 * Refuses a name that is not a plain identifier; see `validateIdentifier()`.
 *
 * @param name The name.
 * @param context What it is the name of, for the message.
 * @throws {BadRequestError} If it is none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { assertValidIdentifier } from "@kysera/dialects";
 *
 * assertValidIdentifier("users", "table name");
 * assert.throws(
 *   () => assertValidIdentifier("users;", "table name"),
 *   /Cannot use "users;" as table name/,
 * );
 * ```
 */
export function assertValidIdentifier(name: string, context = "identifier"): void {
  if (validateIdentifier(name)) return;
  const text = String(name);
  const shown = JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text);
  throw new BadRequestError(
    `Cannot use ${shown} as ${context}: write letters, digits and underscores, not beginning with a digit, 128 characters at most`,
  );
}
