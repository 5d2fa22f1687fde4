import type { Kysely } from "kysely";
import type { ForeignKey } from "../contract/relation.ts";
import type { DialectTraits, ForeignKeyRow } from "../dialect/mod.ts";

/** Returns what the catalog says of foreign keys. */
export async function readForeignKeys(
  db: Kysely<any>,
  { catalog }: DialectTraits,
  schema?: string,
): Promise<readonly ForeignKey[]> {
  const keys = new Map<string, ForeignKeyRow[]>();
  const reader = await catalog.reader?.();
  for (const row of await reader?.readForeignKeys(db.withoutPlugins(), schema) ?? []) {
    const key = JSON.stringify([row.table_name, row.key_name]);
    const known = keys.get(key);
    if (known === undefined) keys.set(key, [row]);
    else known.push(row);
  }
  return [...keys.values()].map((rows) => {
    const { table_name, referenced_table, on_delete } = rows[0]!;
    const referenced = rows.flatMap(({ referenced_column: column }) =>
      column === null ? [] : [column]
    );
    return {
      table: table_name,
      columns: rows.map(({ column_name }) => column_name),
      references: referenced_table,
      referencedColumns: referenced.length === 0 ? undefined : referenced,
      // The words are those of SQL.
      onDelete: on_delete as ForeignKey["onDelete"],
    };
  });
}
