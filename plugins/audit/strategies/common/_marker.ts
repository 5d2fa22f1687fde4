import type { QueryResult } from "kysely";
import { type Expression, sql } from "kysely";
import { q, tableNode } from "../../sql/_nodes.ts";
import type { Target } from "./_before.ts";
import type { LogTarget } from "./_log.ts";
import { markerOf, type Run } from "./_table.ts";

/** How a dialect marks the writes of a transaction. */
interface Marker {
  /** A row that says of a table that the plugin writes it down. */
  row(label: string): Expression<any>;
  /** The condition on the rows of the transaction. */
  readonly isOwn: Expression<any>;
}

/**
 * Does a write that the triggers of its tables are to leave to the plugin. What tells them is a row
 * of the same transaction: nobody else sees it, and where the write fails it was never there.
 */
export async function withMarker(
  run: Run,
  { auditTable }: LogTarget,
  targets: readonly Target[],
  { row, isOwn }: Marker,
  write: () => Promise<QueryResult<any>>,
): Promise<QueryResult<any>> {
  const labels = targets.filter(({ table }) => table.info.triggered).map(({ table }) =>
    table.label
  );
  if (labels.length === 0) return await write();
  const marker = q(tableNode(markerOf(auditTable.name), auditTable.schema));
  await run(sql`insert into ${marker} values ${sql.join(labels.map(row))}`);
  const result = await write();
  await run(sql`delete from ${marker} where ${isOwn}`);
  return result;
}
