import type { OperationNode, TableNode, WithNode } from "kysely";
import { QueryRefusedError } from "../contract/errors.ts";
import { misplacedIn } from "../tree/_clauses.ts";
import { isColumnName, isSchemableName } from "../tree/_name_nodes.ts";

/** Refuses a node with a property that holds something else than the clause that stands there. */
export function refuseMisplaced(node: OperationNode): void {
  const found = misplacedIn(node);
  if (found !== undefined) throw misplaced(node, found.property, found.kind);
}

/** Returns the error for what no query of Kysely's holds, and no rule has looked at. */
export function misplaced(
  { kind }: OperationNode,
  property: string | undefined,
  found: string,
): QueryRefusedError {
  const where = property === undefined
    ? "outside the clause it belongs to"
    : `as "${property}" of a ${kind}`;
  return new QueryRefusedError(
    `Cannot run a query with a ${found} ${where}: no rule covers it; build it with Kysely's ` +
      "builders, or run it on getRawDb(executor), where no plugin applies",
    "UNSUPPORTED",
  );
}

/** Refuses a WITH whose names are more than that: they are asked for before it is visited. */
export function refuseMisplacedNames(node: WithNode): void {
  if (node.kind !== "WithNode") throw misplaced(node, undefined, (node as OperationNode).kind);
  refuseMisplaced(node);
  for (const cte of node.expressions) {
    refuseMisplaced(cte);
    refuseMisplaced(cte.name);
    mustBeTableName(cte.name.table);
    for (const column of cte.name.columns ?? []) {
      if (!isColumnName(column)) throw misplaced(cte.name, "columns", "part");
    }
  }
}

/** Refuses a name that is made of anything but names: Kysely would write it as it is. */
export function mustBeTableName(node: TableNode): TableNode {
  if (!isSchemableName(node.table)) throw misplaced(node, "table", node.table?.kind);
  return node;
}
