import type { Lexis } from "../../sql/_lexis.ts";
import type { SchemaTable } from "../snapshot/schema_table.ts";
import type { SchemaView, SchemaViewColumn } from "../snapshot/schema_view.ts";
import { type Item, parseViewQuery, type Source, type ViewQuery } from "./_view_query.ts";

/** In what dialects differ. */
export interface ViewDialect {
  readonly lexis: Lexis;
  /** Brings a name into the form in which two that mean the same are equal. */
  fold(name: string): string;
  /**
   * Whether a query with an aggregate function may have other columns without grouping by them, which
   * are NULL where there is no row.
   */
  readonly bareColumns: boolean;
  /** Whether a name without a schema means the schema of the view, and not the default one. */
  readonly readsOwnSchema: boolean;
}

/**
 * Returns views with those columns marked that are never NULL, as far as their queries show it: a
 * column that is not NULL in its table, where no outer join can put NULL in its place; a literal; a
 * count. The catalogs of PostgreSQL and SQLite do not know.
 */
export function withNullability(
  views: readonly SchemaView[],
  tables: readonly SchemaTable[],
  dialect: ViewDialect,
): SchemaView[] {
  const keyOf = (schema: string | null, name: string) =>
    JSON.stringify([schema, dialect.fold(name)]);
  /** The columns of each table and view that are never NULL. */
  const known = new Map<string, Set<string>>();
  for (const { schema, name, columns, kind } of tables) {
    // Nobody sees to it that the rows of a foreign table are what it says.
    if (kind === "foreign") continue;
    const never = columns.filter(({ nullable }) => !nullable).map(({ name }) => dialect.fold(name));
    known.set(keyOf(schema, name), new Set(never));
  }
  const queries = views.map((view) => {
    const query = parseViewQuery(view.definition, dialect.lexis);
    // With a star its columns cannot be told by their place.
    return query?.items.length === view.columns.length ? query : undefined;
  });
  const isNever = (view: SchemaView, query: ViewQuery, item: Item): boolean => {
    if (item.kind !== "column") return item.kind === "value";
    if (dialect.bareColumns && query.callsFunction && !query.isGrouped) return false;
    const source = sourceOf(query.sources, item.alias, dialect);
    if (source?.table === undefined || source.isOptional) return false;
    const own = dialect.readsOwnSchema ? view.schema : null;
    const [name, schema = own] = [...source.table].reverse();
    const columns = known.get(keyOf(schema, name!));
    return columns?.has(dialect.fold(item.column)) ?? false;
  };
  // A view can stand on one that comes behind it.
  for (let found = true; found;) {
    found = false;
    for (const [i, view] of views.entries()) {
      const query = queries[i];
      if (query === undefined) continue;
      const never = view.columns.filter((_, j) => isNever(view, query, query.items[j]!));
      const key = keyOf(view.schema, view.name);
      if (never.length === (known.get(key)?.size ?? 0)) continue;
      known.set(key, new Set(never.map(({ name }) => dialect.fold(name))));
      found = true;
    }
  }
  return views.map((view) => {
    const never = known.get(keyOf(view.schema, view.name));
    if (never === undefined) return view;
    return {
      ...view,
      columns: view.columns.map((column): SchemaViewColumn =>
        never.has(dialect.fold(column.name)) ? { ...column, nullable: false } : column
      ),
    };
  });
}

function sourceOf(
  sources: readonly Source[],
  alias: string | undefined,
  { fold }: ViewDialect,
): Source | undefined {
  const found = sources.filter((source) =>
    alias === undefined || fold(source.alias) === fold(alias)
  );
  // Without an alias the column may be of any of them.
  return found.length === 1 ? found[0] : undefined;
}
