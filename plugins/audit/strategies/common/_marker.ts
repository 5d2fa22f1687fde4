import type { QueryResult } from "kysely";
import { type Expression, sql } from "kysely";
import type { Target } from "./_before.ts";
import type { LogTarget } from "./_log.ts";
import { q, tableNode } from "../../sql/_nodes.ts";
import { markerOf, type Run } from "../../write/_tables.ts";

/**
 * Does a write that the triggers of its tables are to leave to the plugin. What tells them is a row
 * of the same transaction: nobody else sees it, and where the write fails it was never there.
 */
export async function withMarker(
  run: Run,
  { auditTable, dialect }: LogTarget,
  targets: readonly Target[],
  write: () => Promise<QueryResult<any>>,
): Promise<QueryResult<any>> {
  const labels = targets.filter(({ table }) => table.info.triggered).map(({ table }) =>
    table.label
  );
  if (labels.length === 0) return await write();
  const marker = q(tableNode(markerOf(auditTable.name), auditTable.schema));
  const row = (label: string): Expression<any> =>
    dialect === "sqlite" ? sql`(${label})` : sql`(connection_id(), ${label})`;
  await run(sql`insert into ${marker} values ${sql.join(labels.map(row))}`);
  const result = await write();
  await run(
    dialect === "sqlite"
      ? sql`delete from ${marker}`
      : sql`delete from ${marker} where connection = connection_id()`,
  );
  return result;
}
