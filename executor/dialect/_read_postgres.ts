import { type Kysely, sql } from "kysely";
import type { CatalogRow, NamedTable } from "./traits.ts";

/** Reads PostgreSQL's catalog: tables, partitions, views, materialized views and foreign tables. */
export async function readPostgres(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly CatalogRow[]> {
  // Temporary tables of other sessions are nobody's here; system catalogs are named when asked for.
  const which = tables === undefined
    ? sql`n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
        and n.nspname not like 'pg\\_temp\\_%' and n.nspname not like 'pg\\_toast\\_%'
        or n.oid = pg_my_temp_schema()`
    : sql`c.relname in (select json_array_elements_text(cast(${namesOf(tables)} as text)::json))
        and (n.nspname not like 'pg\\_temp\\_%' or n.oid = pg_my_temp_schema())`;
  const { rows } = await sql<CatalogRow>`
    select c.relname::text as relation, n.nspname::text as namespace,
      case when c.relkind in ('v', 'm') then 1 else 0 end as viewed,
      case when pg_catalog.pg_table_is_visible(c.oid) then 1 else 0 end as visible,
      a.attname::text as attribute,
      case when a.attnotnull then 0 else 1 end as nullable
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_attribute a
      on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and (${which})
    order by n.nspname, c.relname, a.attnum`.execute(db);
  return rows;
}

/** One parameter, however many names there are. */
function namesOf(tables: readonly NamedTable[]): string {
  return JSON.stringify([...new Set(tables.map(({ name }) => name))]);
}
