import type { Dialect } from "@kysera/core";
import { usageError } from "../contract/_cli_error.ts";
import { endOfQuoted } from "./_inline_parameters.ts";

/**
 * Returns the one statement of a text, without what ends it.
 *
 * @throws {CliError} if there is none, or more than one
 */
export function oneStatement(text: string, dialect: Dialect): string {
  let end: number | undefined;
  for (let i = 0; i < text.length;) {
    const next = endOfQuoted(text, i, dialect);
    if (next > i) {
      // A comment behind the end is not another statement.
      if (end !== undefined && !/^(?:--|\/\*)/.test(text.slice(i))) throw several();
      i = next;
      continue;
    }
    if (text[i] === ";") end ??= i;
    else if (end !== undefined && !/\s/.test(text[i]!)) throw several();
    i++;
  }
  const statement = text.slice(0, end ?? text.length).trim();
  if (statement === "") throw usageError("There is no statement");
  return statement;
}

function several(): Error {
  return usageError("There is more than one statement", { hint: "Give them one by one." });
}
