import type { Kysely } from "kysely";
import type { PluginHost } from "../contract/plugin.ts";
import type { ForeignKey, Relation } from "../contract/relation.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { DialectTraits } from "../dialect/mod.ts";
import { readForeignKeys } from "./_read_foreign_keys.ts";
import { readRelations } from "./_read_relations.ts";
import type { SchemaTemplate } from "./schema_template.ts";

/** Where it is known from which tables and views there are. */
export interface CatalogSource {
  /** Whether a name is looked up in every schema at once, and so known in all of them. */
  readonly readsEverySchema: boolean;
  /** Reads what is known of tables; of all of them without a list. */
  read(db: Kysely<any>, tables: readonly TableId[] | undefined): Promise<readonly Relation[]>;
}

/** Returns the catalog of the database. */
export function catalogOf(traits: DialectTraits): CatalogSource {
  return {
    readsEverySchema: traits.catalog.readsEverySchema,
    read: (db, tables) => readRelations(db, traits, tables),
  };
}

/** What was read of templates. */
const READ: WeakMap<
  SchemaTemplate,
  { relations?: readonly Relation[]; foreignKeys?: readonly ForeignKey[] }
> = new WeakMap();

/**
 * Returns a catalog that says of a schema what the database says of its template.
 *
 * @param template the template
 * @param schema the schema
 * @param rawDb the database, without plugins of an executor
 * @param traits the traits of its dialect
 */
export function catalogLike(
  template: SchemaTemplate,
  schema: string,
  rawDb: Kysely<any>,
  traits: DialectTraits,
): { catalog: CatalogSource; foreignKeys: PluginHost["foreignKeys"] } {
  const fold = traits.identifiers.foldCase;
  const known = READ.get(template) ?? {};
  READ.set(template, known);
  const isOwn = (table: TableId): boolean =>
    table.schema !== undefined && fold(table.schema) === fold(schema);
  const own = async (db: Kysely<any>): Promise<readonly Relation[]> =>
    // Each asks for itself: who waits for another may hold the connection that the other waits for.
    (known.relations ??= await readRelations(db, traits, undefined, template.schema))
      .filter((each) => each.schema === undefined || fold(each.schema) === fold(template.schema))
      // For queries of the executor, which name the schema, its tables are those that names find.
      .map((each) => ({ ...each, schema, isVisible: true }));
  return {
    catalog: {
      readsEverySchema: false,
      async read(db, tables) {
        if (tables === undefined) return await own(db);
        const names = new Set(tables.filter(isOwn).map(({ name }) => fold(name)));
        const found = names.size === 0
          ? []
          : (await own(db)).filter(({ name }) => names.has(fold(name)));
        // A table that the template lacks may have been made for this schema.
        const inTemplate = new Set(found.map(({ name }) => fold(name)));
        const others = tables.filter((table) => !isOwn(table) || !inTemplate.has(fold(table.name)));
        const read = others.length === 0 ? [] : await readRelations(db, traits, others);
        return [
          ...found,
          ...read.filter((relation) => isMeant(relation, others, fold))
            .map((relation) => isOwn(relation) ? { ...relation, isVisible: true } : relation),
        ];
      },
    },
    foreignKeys: async () =>
      known.foreignKeys ??= await readForeignKeys(rawDb, traits, template.schema),
  };
}

/** Whether a relation is one of those that were asked for: a catalog may read a name in every schema. */
function isMeant(
  { name, schema, isVisible }: Relation,
  tables: readonly TableId[],
  fold: (name: string) => string,
): boolean {
  return tables.some((table) =>
    fold(table.name) === fold(name) &&
    (table.schema === undefined
      ? isVisible
      : schema !== undefined && fold(table.schema) === fold(schema))
  );
}
