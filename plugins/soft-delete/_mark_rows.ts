import type { RowCondition } from "@kysera/executor";
import type { Kysely } from "kysely";
import { SoftDeleteError } from "./errors.ts";

/** Marks rows through a handle whose DELETE does so; how many there were. */
export async function markRows(
  handle: Kysely<any>,
  table: string,
  where: RowCondition,
): Promise<number> {
  const query = handle.deleteFrom(table).where(where).compile();
  // By now it is an UPDATE. Should a plugin have made it something else, no row is lost.
  if (query.query.kind !== "UpdateQueryNode") {
    throw new SoftDeleteError(
      `Cannot soft-delete rows of "${table}": another plugin keeps the DELETE from becoming an UPDATE`,
      "NOT_A_SOFT_DELETED_TABLE",
    );
  }
  const { numAffectedRows } = await handle.executeQuery(query);
  return Number(numAffectedRows ?? 0n);
}
