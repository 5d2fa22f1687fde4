import { sql } from "kysely";
import { insertInto, type LogTarget } from "../common/_log.ts";
import type { Run } from "../common/_table.ts";

/** Inserts entries, all of them in one parameter. */
export async function insertEntries(
  run: Run,
  target: LogTarget,
  rows: readonly (readonly (string | null)[])[],
): Promise<void> {
  const { values: { actor, at, metadata, request } } = target;
  const shared = sql`${actor}::text, ${at}::text, ${metadata}::text, ${request}::text`;
  const all = JSON.stringify(rows);
  await run(sql`${insertInto(target)}
    select e.v->>0, e.v->>1, e.v->>2, e.v->>3, e.v->>4, e.v->>5, ${shared}
    from json_array_elements(${all}::json) with ordinality as e(v, n) order by e.n`);
}
