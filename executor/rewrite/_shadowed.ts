import type { TableNode } from "kysely";
import { QueryRefusedError } from "../contract/errors.ts";
import { type CteScope, isCte } from "../tree/_cte_scope.ts";

/**
 * Refuses SQL of plugins one of whose tables a CTE hides where it is to stand.
 *
 * @param reads the tables without a schema that it reads, in the filters of those tables as well
 * @param table the table that it is about
 * @throws {QueryRefusedError}
 */
export function refuseShadowed(
  reads: ReadonlySet<string>,
  table: TableNode,
  scope: CteScope | undefined,
): void {
  if (scope === undefined) return;
  for (const read of reads) if (isCte(scope, read)) throw shadowed(read, table);
}

function shadowed(name: string, table: TableNode): QueryRefusedError {
  return new QueryRefusedError(
    `Cannot filter table "${table.table.identifier.name}": its filter reads table "${name}", ` +
      `which a common table expression of the query hides; rename the common table expression, or ` +
      "have the filter name the table with its schema",
    "SHADOWED_TABLE",
    name,
  );
}
