import type { Dialect } from "@kysera/core";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { usageError } from "../../contract/_cli_error.ts";
import type { Context } from "../../program/_context.ts";
import { type Option, text } from "../../contract/_options.ts";
import { oneStatement } from "../../sql/_one_statement.ts";

/** The options that say which statement is meant. */
export const STATEMENT_OPTIONS: {
  readonly query: Option<string | undefined>;
  readonly file: Option<string | undefined>;
} = {
  query: text("-q, --query <sql>", "the statement"),
  file: text("-f, --file <path>", "a file with the statement; `-` is the standard input"),
};

/** Returns the statement that is meant, which has to be one alone. */
export async function statementOf(
  context: Context,
  { query, file }: { readonly query: string | undefined; readonly file: string | undefined },
  dialect: Dialect,
): Promise<string> {
  if ((query === undefined) === (file === undefined)) {
    throw usageError("Give the statement either by --query, or by --file");
  }
  if (query !== undefined) return oneStatement(query, dialect);
  if (file === "-") return oneStatement(await context.host.readInput(), dialect);
  try {
    return oneStatement(await readFile(resolve(context.host.cwd, file!), "utf8"), dialect);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ENOENT") throw cause;
    throw usageError(`There is no file "${file}"`, { cause });
  }
}
