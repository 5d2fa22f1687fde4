import type { Dialect } from "@kysera/core";
import { LEXES } from "../../sql/_lexis.ts";
import type { ReadStatement } from "./_change.ts";
import { readParsed } from "./_libpg.ts";
import { readStatement } from "./_read_statement.ts";

/**
 * Returns what reads statements: the parser where there is one for the dialect, and otherwise ours.
 * What the parser gives and is not looked at by a rule counts as read.
 *
 * @param dialect the dialect
 * @param parse `parse` of libpg-query
 */
export function readerOf(
  dialect: Dialect,
  parse: ((sql: string) => unknown) | undefined,
): (sql: string) => ReadStatement | Promise<ReadStatement> {
  const lexis = LEXES[dialect];
  if (parse === undefined || dialect !== "postgres") return (sql) => readStatement(sql, lexis);
  return async (sql) => {
    let tree: unknown;
    try {
      tree = await parse(sql);
    } catch (error) {
      // Parameters and all that Kysely writes are read by it: what is not is wrong.
      return { changes: [], unread: error instanceof Error ? error.message : String(error) };
    }
    return readParsed(tree);
  };
}
