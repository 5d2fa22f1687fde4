import type { Kysely } from "kysely";
import type { Relation } from "../contract/relation.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { CatalogRow, DialectTraits } from "../dialect/mod.ts";

/** Returns what the catalog says of tables and views, the visible ones first. */
export async function readRelations(
  db: Kysely<any>,
  { catalog }: DialectTraits,
  tables: readonly TableId[] | undefined,
  schema?: string,
): Promise<readonly Relation[]> {
  if (catalog.reader === undefined || tables?.length === 0) return [];
  const { readRelations } = await catalog.reader();
  return relationsOf(await readRelations(db.withoutPlugins(), tables, schema));
}

const NO_NAMES: ReadonlyMap<string, readonly string[]> = new Map();

type Found = Relation & {
  columns: Relation["columns"][number][];
  keys: readonly string[][];
  uniques: readonly string[][];
  uniqueNames: ReadonlyMap<string, readonly string[]>;
  rowId: string | undefined;
};

function relationsOf(rows: readonly CatalogRow[]): Relation[] {
  const found = new Map<string, Found>();
  const keys = new Map<Relation, Map<string, CatalogRow[]>>();
  let last: CatalogRow | undefined;
  let known: Found | undefined;
  for (const row of rows) {
    const { relation, namespace, viewed, visible, attribute, nullable } = row;
    // Most rows are of the relation of the one before.
    if (last === undefined || relation !== last.relation || namespace !== last.namespace) {
      known = found.get(JSON.stringify([namespace, relation]));
    }
    last = row;
    if (known === undefined) {
      known = {
        name: relation,
        schema: namespace ?? undefined,
        isView: Number(viewed) === 1,
        isVisible: Number(visible) === 1,
        hasTriggers: Number(row.triggered) === 1,
        columns: [],
        keys: [],
        uniques: [],
        uniqueNames: NO_NAMES,
        hasHiddenColumns: Number(row.hiding ?? 0) === 1,
        rowId: undefined,
      };
      found.set(JSON.stringify([namespace, relation]), known);
      keys.set(known, new Map());
    }
    known.rowId ??= row.rowid ?? undefined;
    if (row.key !== undefined && row.key !== null) {
      const ofRelation = keys.get(known)!;
      ofRelation.set(row.key, [...ofRelation.get(row.key) ?? [], row]);
    } else if (attribute !== null) {
      known.columns.push({
        name: attribute,
        isNullable: Number(nullable) === 1,
        type: row.type?.toLowerCase() ?? undefined,
        isGenerated: Number(row.generated ?? 0) === 1,
        isOptional: row.optional === undefined || row.optional === null
          ? undefined
          : Number(row.optional) === 1,
        collation: row.collation ?? undefined,
      });
    }
  }
  for (const [relation, named] of keys) {
    const own = relation as Found;
    own.keys = keysOf([...named.values()]);
    own.uniqueNames = new Map(
      [...named].filter(([, parts]) => parts.every(({ attribute }) => attribute !== null))
        .map(([name, parts]) => [name, parts.map(({ attribute }) => attribute!)]),
    );
    own.uniques = [...named.values()]
      .filter((parts) => !isPrimary(parts) && parts.every(({ attribute }) => attribute !== null))
      .map((parts) => parts.map(({ attribute }) => attribute!));
  }
  return [...found.values()].sort((a, b) => Number(b.isVisible) - Number(a.isVisible));
}

function isPrimary([part]: readonly CatalogRow[]): boolean {
  return Number(part!.primary) === 1;
}

/** Returns the columns of keys, without those that several rows may share. */
function keysOf(keys: readonly (readonly CatalogRow[])[]): string[][] {
  return keys
    .filter((parts) =>
      parts.every(({ attribute, nullable }) =>
        attribute !== null && (isPrimary(parts) || Number(nullable) !== 1)
      )
    )
    .sort((a, b) => Number(isPrimary(b)) - Number(isPrimary(a)) || a.length - b.length)
    .map((parts) => parts.map(({ attribute }) => attribute!));
}
