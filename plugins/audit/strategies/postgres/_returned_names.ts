import { type Expression, type OperationNode, type ReturningNode, sql } from "kysely";
import { AuditNotPossibleError } from "../../contract/errors.ts";
import { id } from "../../sql/_nodes.ts";
import type { AuditedTable } from "../common/_table.ts";

/**
 * The names of what RETURNING gives, to be selected from it. Where they are not known, all that it
 * gives is selected: the caller takes ours out again. Where no caller can (in a part of a WITH), they
 * must be known.
 *
 * @param returning what the user asked for
 * @param table where the names must be known: what `*` stands for
 */
export function returnedNames(returning: ReturningNode, table?: AuditedTable): Expression<any> {
  const names = returning.selections.flatMap(({ selection }) =>
    nameOf(selection, table) ?? [undefined]
  );
  const isKnown = names.every((name) => name !== undefined) && new Set(names).size === names.length;
  if (isKnown) return sql.join(names.map(id));
  if (table === undefined) return sql`*`;
  throw new AuditNotPossibleError(
    table.label,
    "the names of what a part of WITH returns are not known, or two are the same; give each " +
      'expression a name: .returning(sql`..`.as("name"))',
  );
}

function nameOf(node: OperationNode, table: AuditedTable | undefined): string[] | undefined {
  switch (node.kind) {
    case "AliasNode": {
      const { alias } = node as { alias?: OperationNode };
      return alias?.kind === "IdentifierNode" ? [(alias as { name?: string }).name!] : undefined;
    }
    case "ReferenceNode": {
      const { column } = node as { column?: OperationNode };
      return column === undefined ? undefined : nameOf(column, table);
    }
    case "ColumnNode":
      return [(node as { column?: { name: string } }).column!.name];
    case "SelectAllNode":
      return table?.info.columns.map(({ name }) => name);
    default:
      return undefined;
  }
}
