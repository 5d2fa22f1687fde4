import type { OperationNode } from "kysely";
import { QueryRefusedError } from "../errors.ts";

/**
 * Refuses to write columns whose names mean something to every JavaScript object: a row that is read
 * back with such a key would change the object that holds it.
 */
export function refuseReservedColumns(columns: readonly OperationNode[] | undefined): void {
  if (columns === undefined) return;
  for (const column of columns) {
    const name = nameOf(column);
    if (name === "__proto__" || name === "constructor" || name === "prototype") {
      throw new QueryRefusedError(
        `Cannot write column "${name}": the name is reserved; remove the key from the values`,
        "RESERVED_COLUMN",
      );
    }
  }
}

function nameOf(node: OperationNode): string | undefined {
  if (node.kind === "ReferenceNode" || node.kind === "ColumnNode") {
    return nameOf((node as OperationNode & { column: OperationNode }).column);
  }
  return node.kind === "IdentifierNode"
    ? (node as OperationNode & { name: string }).name
    : undefined;
}
