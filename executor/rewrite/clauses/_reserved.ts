import type { ColumnNode, OperationNode, ReferenceNode } from "kysely";
import { QueryRefusedError } from "../../contract/errors.ts";

/**
 * Refuses to write columns whose names mean something to every JavaScript object: a row that is read
 * back with such a key would change the object that holds it.
 */
export function refuseReservedColumn(column: OperationNode): void {
  let node = column;
  if (node.kind === "ReferenceNode") node = (node as ReferenceNode).column;
  if (node.kind !== "ColumnNode") return;
  const { name } = (node as ColumnNode).column;
  switch (name) {
    case "__proto__":
    case "constructor":
    case "prototype":
      throw new QueryRefusedError(
        `Cannot write column "${name}": the name is reserved; remove the key from the values`,
        "RESERVED_COLUMN",
      );
  }
}
