import {
  type IdentifierNode,
  type OperationNode,
  type ReferenceNode,
  type SchemableIdentifierNode,
  TableNode,
  type WithNode,
} from "kysely";
import { QueryRefusedError } from "../contract/errors.ts";
import { misplacedIn } from "../tree/_clauses.ts";
import { forEachChild } from "../tree/_nodes.ts";
import {
  isColumnName,
  isIdentifier,
  isReferenceName,
  isSchemableName,
} from "../tree/_name_nodes.ts";

/**
 * Returns the error for a query that could not be rewritten: rules take a tree to be one that Kysely
 * builds, and so may fail of themselves where it is not.
 */
export function refusalOf(root: OperationNode, error: unknown): unknown {
  return error instanceof TypeError ? misplacedBelow(root) ?? error : error;
}

function misplacedBelow(node: OperationNode): QueryRefusedError | undefined {
  const found = misplacedIn(node);
  if (found !== undefined) return misplaced(node, found.property, found.kind);
  if (!isName(node)) return misplaced(node, "name", "part");
  let below: QueryRefusedError | undefined;
  forEachChild(node, (child) => {
    below ??= misplacedBelow(child);
  });
  return below;
}

/** Returns false for the name of a table or a column that is made of anything but names. */
function isName(node: OperationNode): boolean {
  switch (node.kind) {
    case "TableNode":
      return isSchemableName((node as TableNode).table);
    case "SchemableIdentifierNode":
      return isSchemableName(node as SchemableIdentifierNode);
    case "ColumnNode":
      return isColumnName(node);
    case "ReferenceNode":
      return isReferenceName(node as ReferenceNode);
    default:
      return true;
  }
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

/** Refuses a WITH whose names are more than that: no rule visits them. */
export function refuseMisplacedNames(node: WithNode): void {
  for (const cte of node.expressions) {
    const found = misplacedIn(cte) ?? misplacedIn(cte.name);
    if (found !== undefined) throw misplaced(cte, found.property, found.kind);
    mustBeTableName(cte.name.table);
    for (const column of cte.name.columns ?? []) {
      if (!isColumnName(column)) throw misplaced(cte.name, "columns", "part");
    }
  }
}

/**
 * Refuses a name that is made of anything but names: Kysely would write it as it is.
 *
 * @returns the same node, or one of the usual shape: `withSchema` of Kysely 0.28 takes the schema of
 * what is locked by leaving a mere identifier
 */
export function mustBeTableName(node: TableNode): TableNode {
  if (isSchemableName(node.table)) return node;
  const { table }: { readonly table: OperationNode | undefined } = node;
  if (!isIdentifier(table)) throw misplaced(node, "table", table?.kind);
  return TableNode.create((table as IdentifierNode).name);
}
