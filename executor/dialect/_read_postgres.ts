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
  const relations = sql`select c.oid, c.relname::text as relation, n.nspname::text as namespace,
      case when c.relkind in ('v', 'm') then 1 else 0 end as viewed,
      case when pg_catalog.pg_table_is_visible(c.oid) then 1 else 0 end as visible,
      case when c.relkind in ('r', 'p') then 'ctid' end as rowid
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and (${which})`;
  const { rows } = await sql<CatalogRow>`
    with r as (${relations})
    select r.relation, r.namespace, r.viewed, r.visible, r.rowid, a.attname::text as attribute,
      case when a.attnotnull then 0 else 1 end as nullable,
      null as key, 0 as primary, a.attnum::int as place
    from r left join pg_catalog.pg_attribute a
      on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    union all
    select r.relation, r.namespace, r.viewed, r.visible, r.rowid, a.attname::text,
      case when a.attnotnull then 0 else 1 end,
      i.indexrelid::text, case when i.indisprimary then 1 else 0 end, p.place::int
    from r join pg_catalog.pg_index i on i.indrelid = r.oid
    cross join lateral unnest(i.indkey::int2[]) with ordinality as p(attnum, place)
    left join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum = p.attnum
      and a.attnum > 0
    where i.indisunique and i.indisvalid and i.indpred is null and p.place <= i.indnkeyatts
    order by namespace, relation, key nulls first, place`.execute(db);
  return rows;
}

/** One parameter, however many names there are. */
function namesOf(tables: readonly NamedTable[]): string {
  return JSON.stringify([...new Set(tables.map(({ name }) => name))]);
}
