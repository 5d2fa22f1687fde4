import type { IdentifierNode, OperationNode, ReferenceNode, TableNode } from "kysely";

/** Returns true if a node is an identifier, with a name that Kysely quotes. */
export function isIdentifier(node: OperationNode | undefined): boolean {
  return node !== undefined && node.kind === "IdentifierNode" &&
    typeof (node as IdentifierNode).name === "string";
}

/** Returns true if a node is a name, with or without a schema. */
export function isSchemableName(node: TableNode["table"] | undefined): boolean {
  return node !== undefined && node.kind === "SchemableIdentifierNode" &&
    isIdentifier(node.identifier) && (node.schema === undefined || isIdentifier(node.schema));
}

/** Returns true if a node is the name of a column, with or without its table. */
export function isReferenceName({ column, table }: ReferenceNode): boolean {
  return (column?.kind === "SelectAllNode" || isColumnName(column)) &&
    (table === undefined || (table.kind === "TableNode" && isSchemableName(table.table)));
}

/** Returns true if a node is the name of a column. */
export function isColumnName(node: OperationNode | undefined): boolean {
  return node !== undefined && node.kind === "ColumnNode" &&
    isIdentifier((node as OperationNode & { column?: IdentifierNode }).column);
}
