import type { Kysely, QueryId } from "kysely";
import { beneath, instanceOf } from "../instance/_graft.ts";

const NO_QUERY: QueryId = { queryId: "" };

/** Returns an instance without the executor, and with the Kysely plugins beneath it. */
export function plainOf(executor: Kysely<any>): Kysely<any> {
  return instanceOf(executor) === undefined ? executor : beneath(executor);
}

/** Returns names after the Kysely plugins that rename what queries give. */
export async function writtenNames(
  executor: Kysely<any>,
  names: readonly string[],
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const name of names) {
    let rows: Record<string, unknown>[] = [{ [name]: null }];
    for (const plugin of plainOf(executor).getExecutor().plugins) {
      ({ rows } = await plugin.transformResult({ queryId: NO_QUERY, result: { rows } }));
    }
    written.push(Object.keys(rows[0] ?? {})[0] ?? name);
  }
  return written;
}
