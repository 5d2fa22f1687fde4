import type { ColumnNode, OperationNode } from "kysely";
import type { Pass } from "../_pass.ts";
import { QueryRefusedError } from "../../contract/errors.ts";
import type { GuardedReference } from "../_reference.ts";
import { isColumnName } from "../../tree/_name_nodes.ts";
import { tableOfName } from "../../tree/_table_name.ts";

/**
 * What a column that is written is compared by: the name that the database has for it, in lower case
 * where the dialect sees no case.
 *
 * @throws {QueryRefusedError} where the column is not a plain name
 */
export function keyOfColumn(
  column: OperationNode,
  reference: GuardedReference,
  pass: Pass,
): string {
  // Most columns are no more than their name.
  const name = isColumnName(column)
    ? (column as ColumnNode).column.name
    : tableOfName(column, pass.rules.traits)?.table.identifier.name;
  if (name !== undefined) return pass.rules.columnKey(name);
  const table = reference.tableName;
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
  pass: Pass,
): string[] {
  const keys = columns.map((column) => keyOfColumn(column, reference, pass));
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice === undefined) return keys;
  const table = reference.tableName;
  throw new QueryRefusedError(
    `Cannot write column "${twice}" of table "${table}" twice in one statement; give it once`,
    "UNSUPPORTED",
    table,
  );
}
