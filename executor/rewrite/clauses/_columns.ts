import type { OperationNode } from "kysely";
import type { Guard } from "../../hooks/_rules.ts";
import { QueryRefusedError } from "../../contract/errors.ts";
import { type GuardedReference, tableOfName } from "../_reference.ts";

/**
 * What a column that is written is compared by: the name that the database has for it, in lower case
 * where the dialect sees no case.
 *
 * @throws {QueryRefusedError} where the column is no plain name
 */
export function keyOfColumn(
  column: OperationNode,
  reference: GuardedReference,
  guard: Guard,
): string {
  const name = tableOfName(column, guard.dialect)?.table.identifier.name;
  if (name !== undefined) return guard.columnKey(name);
  const table = reference.table.table.identifier.name;
  throw new QueryRefusedError(
    `Cannot tell which column of table "${table}" is written; name it`,
    "UNSUPPORTED",
    table,
  );
}

/** The keys of columns that are written. @throws {QueryRefusedError} where one is there twice */
export function keysOfColumns(
  columns: readonly OperationNode[],
  reference: GuardedReference,
  guard: Guard,
): string[] {
  const keys = columns.map((column) => keyOfColumn(column, reference, guard));
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice === undefined) return keys;
  const table = reference.table.table.identifier.name;
  throw new QueryRefusedError(
    `Cannot write column "${twice}" of table "${table}" twice in one statement; give it once`,
    "UNSUPPORTED",
    table,
  );
}
