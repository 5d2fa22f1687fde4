import { type Expression, type OperationNode, sql } from "kysely";
import { q } from "./_nodes.ts";

/** The values of each row of VALUES; `undefined` for a SELECT. */
export function valueLists(values: OperationNode | undefined): Expression<any>[][] | undefined {
  if (values?.kind !== "ValuesNode") return undefined;
  const { values: rows } = values as OperationNode & { readonly values?: readonly OperationNode[] };
  return (rows ?? []).map((row) => {
    const { values: list } = row as OperationNode & { readonly values?: readonly unknown[] };
    return (list ?? []).map((value) =>
      row.kind === "PrimitiveValueListNode"
        ? sql`${sql.val(value)}`
        : (value as OperationNode).kind === "DefaultInsertValueNode"
        // A default meets nobody, or it is found out afterwards.
        ? sql`null`
        : q(value as OperationNode)
    );
  });
}

/** The column that is set. */
export function columnName(node: OperationNode | undefined): string | undefined {
  if (node?.kind === "ReferenceNode") {
    return columnName((node as { column?: OperationNode }).column);
  }
  return (node as { column?: { name: string } } | undefined)?.column?.name;
}
