import { type Kysely, sql } from "kysely";
import type { CatalogReader, CatalogRow, ForeignKeyRow, NamedTable } from "./traits.ts";

/** Reads PostgreSQL's catalog: tables, partitions, views, materialized views and foreign tables. */
async function readPostgres(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
  schema?: string,
): Promise<readonly CatalogRow[]> {
  // Temporary tables of other sessions are nobody's here; system catalogs are named when asked for.
  const which = tables === undefined
    ? schema !== undefined
      ? sql`n.nspname = ${schema}`
      : sql`n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
        and n.nspname not like 'pg\\_temp\\_%' and n.nspname not like 'pg\\_toast\\_%'
        or n.oid = pg_my_temp_schema()`
    : sql`c.relname in (select json_array_elements_text(cast(${namesOf(tables)} as text)::json))
        and (n.nspname not like 'pg\\_temp\\_%' or n.oid = pg_my_temp_schema())`;
  const relations = sql`select c.oid, c.relname::text as relation, n.nspname::text as namespace,
      case when c.relkind in ('v', 'm') then 1 else 0 end as viewed,
      case when pg_catalog.pg_table_is_visible(c.oid) then 1 else 0 end as visible,
      case when c.relkind in ('r', 'p') then 'ctid' end as rowid,
      case when c.oid in (select relid from triggered) then 1 else 0 end as triggered,
      -- The table of another server has defaults of its own, and a rule may write other values.
      c.relkind = 'f' or c.relhasrules as filled
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and (${which})`;
  const { rows } = await sql<CatalogRow>`
    with recursive triggered(relid) as (
      select t.tgrelid from pg_catalog.pg_trigger t
      where not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & ${BEFORE_ROW} = ${BEFORE_ROW}
        and t.tgtype & ${INSERT_OR_UPDATE} <> 0
      union
      select i.inhparent from pg_catalog.pg_inherits i join triggered on triggered.relid = i.inhrelid
    ), r as (${relations})
    select r.relation, r.namespace, r.viewed, r.visible, r.rowid, r.triggered,
      a.attname::text as attribute, case when a.attnotnull then 0 else 1 end as nullable,
      case y.typtype when 'e' then 'enum'
        when 'd' then pg_catalog.format_type(y.typbasetype, y.typtypmod)
        else case when (select e.typtype from pg_catalog.pg_type e where e.oid = y.typelem) = 'e'
          then 'enum[]' else pg_catalog.format_type(a.atttypid, a.atttypmod) end end as type,
      (select l.collname::text from pg_catalog.pg_collation l
        where l.oid = a.attcollation and not l.collisdeterministic) as collation,
      null as key, 0 as primary, a.attnum::int as place,
      case when a.attgenerated <> '' then 1 else 0 end as generated,
      case when not a.attnotnull or a.atthasdef or a.attidentity <> '' or y.typdefault is not null
        or r.filled then 1 else 0 end as optional
    from r left join pg_catalog.pg_attribute a
      on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_type y on y.oid = a.atttypid
    union all
    select r.relation, r.namespace, r.viewed, r.visible, r.rowid, r.triggered, a.attname::text,
      case when a.attnotnull then 0 else 1 end, null, null,
      (select x.relname::text from pg_catalog.pg_class x where x.oid = i.indexrelid), case when i.indisprimary then 1 else 0 end, p.place::int, 0, null
    from r join pg_catalog.pg_index i on i.indrelid = r.oid
    cross join lateral unnest(i.indkey::int2[]) with ordinality as p(attnum, place)
    left join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum = p.attnum
      and a.attnum > 0
    where i.indisunique and i.indisvalid and i.indpred is null and p.place <= i.indnkeyatts
    order by namespace, relation, key nulls first, place`.execute(db);
  return rows;
}

/** Bits of `tgtype`: FOR EACH ROW and BEFORE; and INSERT, UPDATE. */
const BEFORE_ROW = sql.lit(1 | 2);
const INSERT_OR_UPDATE = sql.lit(4 | 16);

/** One parameter, however many names there are. */
function namesOf(tables: readonly NamedTable[]): string {
  return JSON.stringify([...new Set(tables.map(({ name }) => name))]);
}

/** Reads the foreign keys of PostgreSQL; those of partitions are their parents'. */
async function readForeignKeysOfPostgres(
  db: Kysely<any>,
  schema?: string,
): Promise<readonly ForeignKeyRow[]> {
  const which = schema === undefined
    ? sql`pg_catalog.pg_table_is_visible(t.oid) and pg_catalog.pg_table_is_visible(r.oid)`
    : sql`n.nspname = ${schema} and r.relnamespace = n.oid`;
  const { rows } = await sql<ForeignKeyRow>`
    select t.relname::text as table_name, c.conname::text as key_name,
      a.attname::text as column_name, r.relname::text as referenced_table,
      b.attname::text as referenced_column,
      case c.confdeltype when 'c' then 'cascade' when 'r' then 'restrict' when 'a' then 'no action'
        when 'n' then 'set null' else 'set default' end as on_delete
    from pg_catalog.pg_constraint c
    join pg_catalog.pg_class t on t.oid = c.conrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    join pg_catalog.pg_class r on r.oid = c.confrelid
    cross join lateral unnest(c.conkey, c.confkey) with ordinality as k(own, other, place)
    join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = k.own
    join pg_catalog.pg_attribute b on b.attrelid = r.oid and b.attnum = k.other
    where c.contype = 'f' and c.conparentid = 0 and ${which}
    order by t.relname, c.conname, k.place`.execute(db);
  return rows;
}

/** Reads PostgreSQL's catalog. */
export const READER: CatalogReader = {
  readRelations: readPostgres,
  readForeignKeys: readForeignKeysOfPostgres,
};
