import { detectDialect } from "@kysera/core";
import { CompiledQuery, type Kysely } from "kysely";
import { LEXES } from "./_lexis.ts";
import { noteLine } from "./_lines.ts";
import { noteScript, type Script, statementsOf } from "./_script.ts";

/**
 * Returns a function that runs the statements of a script one by one.
 *
 * @param name what the migration is called in errors
 */
export function runnerOf(
  script: Script,
  operation: "up" | "down",
  name: string,
): (db: Kysely<any>) => Promise<void> {
  const run = async (db: Kysely<any>): Promise<void> => {
    const lexis = LEXES[detectDialect(db)];
    for (const { sql, line } of statementsOf(script, operation, lexis, name)) {
      try {
        await db.executeQuery(CompiledQuery.raw(sql));
      } catch (error) {
        noteLine(error, line);
        throw error;
      }
    }
  };
  if (operation === "up") noteScript(run, script);
  return run;
}
