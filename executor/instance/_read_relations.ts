import type { Kysely } from "kysely";
import type { Relation } from "../contract/relation.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { CatalogRow, DialectTraits } from "../dialect/mod.ts";

/** Returns what the catalog says of tables and views, the visible ones first. */
export async function readRelations(
  db: Kysely<any>,
  { catalog }: DialectTraits,
  tables: readonly TableId[] | undefined,
): Promise<readonly Relation[]> {
  const read = catalog.readRelations;
  if (read === undefined || tables?.length === 0) return [];
  return relationsOf(await read(db.withoutPlugins(), tables));
}

function relationsOf(rows: readonly CatalogRow[]): Relation[] {
  const found = new Map<string, Relation & { columns: Relation["columns"][number][] }>();
  for (const { relation, namespace, viewed, visible, attribute, nullable } of rows) {
    const key = JSON.stringify([namespace, relation]);
    let known = found.get(key);
    if (known === undefined) {
      known = {
        name: relation,
        schema: namespace ?? undefined,
        isView: Number(viewed) === 1,
        isVisible: Number(visible) === 1,
        columns: [],
      };
      found.set(key, known);
    }
    if (attribute !== null) {
      known.columns.push({ name: attribute, isNullable: Number(nullable) === 1 });
    }
  }
  return [...found.values()].sort((a, b) => Number(b.isVisible) - Number(a.isVisible));
}
