import { sql } from "kysely";
import { id } from "../../sql/_nodes.ts";
import { insertInto, type LogTarget, sharedOf } from "../common/_log.ts";
import type { Run } from "../common/_table.ts";

/** Inserts entries, all of them in one parameter. */
export async function insertEntries(
  run: Run,
  target: LogTarget,
  rows: readonly (readonly (string | null)[])[],
): Promise<void> {
  const values = rows[0]!.map((_, i) => sql`json_extract(e.value, ${`$[${i}]`})`);
  await run(sql`${insertInto(target)} select ${sql.join(values)}, ${sharedOf(target)}
    from json_each(${JSON.stringify(rows)}) as ${id("e")} order by e.key`);
}
