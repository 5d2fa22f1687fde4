import { getRawDb } from "@kysera/executor";
import type { Kysely, OperationNode } from "kysely";

/** The name of a table or column, in a node that may stand round it. */
interface NamedNode extends OperationNode {
  readonly name?: string;
  readonly identifier?: NamedNode;
  readonly table?: NamedNode;
  readonly column?: NamedNode;
  readonly selection?: NamedNode;
}

/** Returns the names that the database has for a table and its columns, which plugins may rename. */
export function physicalNames(
  db: Kysely<any>,
  table: string,
  columns: readonly string[],
): { readonly table: string; readonly columns: readonly string[] } {
  const { query } = getRawDb(db).selectFrom(table).select([...columns]).compile();
  const { from, selections } = query as unknown as {
    readonly from: { readonly froms: readonly NamedNode[] };
    readonly selections?: readonly NamedNode[];
  };
  return {
    table: nameIn(from.froms[0]!),
    // What is renamed is given back by the name that was asked for.
    columns: (selections ?? []).map(nameIn),
  };
}

function nameIn(node: NamedNode): string {
  const inner = node.selection ?? node.column ?? node.identifier ??
    (node.kind === "ReferenceNode" ? undefined : node.table);
  return inner === undefined ? node.name! : nameIn(inner);
}
