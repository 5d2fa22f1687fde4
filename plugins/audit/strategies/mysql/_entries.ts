import { sql } from "kysely";
import { insertInto, type LogTarget, sharedOf } from "../common/_log.ts";
import type { Run } from "../common/_table.ts";

/** How many rows go into one INSERT. */
const MOST_ROWS = 500;

/** Inserts entries, some hundred in each statement. */
export async function insertEntries(
  run: Run,
  target: LogTarget,
  rows: readonly (readonly (string | null)[])[],
): Promise<void> {
  for (let i = 0; i < rows.length; i += MOST_ROWS) {
    const lists = rows.slice(i, i + MOST_ROWS).map((row) =>
      sql`(${sql.join(row.map((value) => sql.val(value)))}, ${sharedOf(target)})`
    );
    await run(sql`${insertInto(target)} values ${sql.join(lists)}`);
  }
}
