import { DeleteResult, InsertResult, MergeResult, UpdateResult } from "kysely";

/** How many rows a statement has changed, by what its builder gives. */
export function changedRows(value: unknown): bigint | undefined {
  const results: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [first] = results;
  if (first instanceof InsertResult) return first.numInsertedOrUpdatedRows;
  if (first instanceof UpdateResult) return first.numUpdatedRows;
  if (first instanceof DeleteResult) return first.numDeletedRows;
  if (first instanceof MergeResult) return first.numChangedRows;
  return BigInt(results.length);
}
