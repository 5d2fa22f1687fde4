import type { BatchQuery, RowCondition } from "@kysera/executor";
import { type CompiledQuery, DeleteResult, type Kysely } from "kysely";
import { SoftDeleteError } from "./errors.ts";

/** Marks rows through a handle whose DELETE does so; how many there were. */
export async function markRows(
  handle: Kysely<any>,
  table: string,
  where: RowCondition,
): Promise<number> {
  const [result] = await marked(handle, table, where).execute();
  return Number(result!.numDeletedRows);
}

/** The query that marks rows, through a handle whose DELETE does so. */
export function marked(
  handle: Kysely<any>,
  table: string,
  where: RowCondition,
): BatchQuery<DeleteResult[]> {
  const compile = (): CompiledQuery<any> => {
    const query = handle.deleteFrom(table).where(where).compile();
    // By now it is an UPDATE. Should a plugin have made it something else, no row is lost.
    if (query.query.kind === "UpdateQueryNode") return query;
    throw new SoftDeleteError(
      `Cannot soft-delete rows of "${table}": another plugin keeps the DELETE from becoming an UPDATE`,
      "NOT_A_SOFT_DELETED_TABLE",
    );
  };
  return {
    compile,
    async execute() {
      const { numAffectedRows } = await handle.executeQuery(compile());
      return [new DeleteResult(numAffectedRows ?? 0n)];
    },
  };
}
