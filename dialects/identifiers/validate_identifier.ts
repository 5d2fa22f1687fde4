const IDENTIFIER = /^[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*$/i;
const LONGEST = 128;

/**
 * Returns whether a name is a plain identifier: letters, digits and underscores of ASCII, not
 * beginning with a digit, with dots between the parts of a qualified name; 128 characters at most.
 * Such a name means the same with and without quotes, up to its case.
 *
 * @param name The name.
 * @returns Whether it is one.
 *
 * @example
 * ```ts
 * import { validateIdentifier } from "@kysera/dialects";
 *
 * if (!validateIdentifier("public.users")) throw new Error("unexpected");
 * if (validateIdentifier("users; drop table users")) throw new Error("unexpected");
 * ```
 */
export function validateIdentifier(name: string): boolean {
  return typeof name === "string" && name.length <= LONGEST && IDENTIFIER.test(name);
}
