import { sql } from "kysely";
import { notOfExtension, rowsOf, type Scope } from "./_scope.ts";

/** A table, a view or a composite type. */
export interface RelationRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `r` and `p`: tables; `f`: foreign table; `v` and `m`: views; `c`: composite type. */
  readonly kind: "r" | "p" | "f" | "v" | "m" | "c";
  readonly unlogged: boolean;
  readonly row_security: boolean;
  readonly force_row_security: boolean;
  readonly options: readonly string[] | null;
  readonly access_method: string | null;
  readonly replica_identity: string;
  readonly replica_index: string | null;
  readonly partition_key: string | null;
  readonly partition_bound: string | null;
  readonly parents: readonly { readonly schema: string; readonly name: string }[] | null;
  readonly view: string | null;
  readonly comment: string | null;
}

/** Reads tables, views and composite types. */
export function readRelations(scope: Scope): Promise<RelationRow[]> {
  return rowsOf(
    scope,
    sql`
    select c.oid::bigint as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
      c.relpersistence = 'u' as unlogged, c.relrowsecurity as row_security,
      c.relforcerowsecurity as force_row_security, to_json(c.reloptions) as options,
      a.amname as access_method, c.relreplident as replica_identity,
      (select x.relname from pg_catalog.pg_index as i
        join pg_catalog.pg_class as x on x.oid = i.indexrelid
        where i.indrelid = c.oid and i.indisreplident) as replica_index,
      case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as partition_key,
      pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_bound,
      (select json_agg(json_build_object('schema', pn.nspname, 'name', p.relname)
          order by h.inhseqno)
        from pg_catalog.pg_inherits as h
        join pg_catalog.pg_class as p on p.oid = h.inhparent
        join pg_catalog.pg_namespace as pn on pn.oid = p.relnamespace
        where h.inhrelid = c.oid) as parents,
      case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end as view,
      case when c.relkind = 'c' then pg_catalog.obj_description(c.reltype, 'pg_type')
        else pg_catalog.obj_description(c.oid, 'pg_class') end as comment
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    left join pg_catalog.pg_am as a on a.oid = c.relam
    where n.nspname in (${scope.schemas}) and c.relkind in ('r', 'p', 'f', 'v', 'm', 'c')
      and c.relpersistence <> 't' and ${notOfExtension("pg_class", sql`c.oid`)}`,
  );
}

/** A column of a table or a view, or an attribute of a composite type. */
export interface ColumnRow {
  readonly relation: number;
  readonly name: string;
  readonly type: string;
  readonly type_name: string;
  readonly type_schema: string;
  readonly type_kind: string;
  readonly is_array: boolean;
  readonly not_null: boolean;
  readonly default: string | null;
  readonly identity: "" | "a" | "d";
  /** Empty, `s` for stored, or `v` for virtual. */
  readonly generated: "" | "s" | "v";
  readonly collation: string | null;
  readonly collation_schema: string | null;
  readonly local: boolean;
  readonly comment: string | null;
  readonly sequence_type: string | null;
  readonly start: string | null;
  readonly increment: string | null;
  readonly minimum: string | null;
  readonly maximum: string | null;
  readonly cache: string | null;
  readonly cycle: boolean | null;
}

/** Reads the columns of tables and views, and the attributes of composite types. */
export function readColumns(scope: Scope): Promise<ColumnRow[]> {
  return rowsOf(
    scope,
    sql`
    select a.attrelid::bigint as relation, a.attname as name,
      pg_catalog.format_type(a.atttypid, a.atttypmod) as type, e.typname as type_name,
      en.nspname as type_schema, e.typtype as type_kind, e.oid <> t.oid as is_array,
      a.attnotnull as not_null, pg_catalog.pg_get_expr(d.adbin, d.adrelid) as default,
      a.attidentity as identity, a.attgenerated as generated,
      o.collname as collation, nullif(cn.nspname, 'pg_catalog') as collation_schema,
      a.attislocal as local, pg_catalog.col_description(a.attrelid, a.attnum) as comment,
      s.seqtypid::regtype::text as sequence_type, s.seqstart::text as start,
      s.seqincrement::text as increment, s.seqmin::text as minimum, s.seqmax::text as maximum,
      s.seqcache::text as cache, s.seqcycle as cycle
    from pg_catalog.pg_attribute as a
    join pg_catalog.pg_class as c on c.oid = a.attrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_type as t on t.oid = a.atttypid
    join pg_catalog.pg_type as e
      on e.oid = case when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end
    join pg_catalog.pg_namespace as en on en.oid = e.typnamespace
    left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_catalog.pg_collation as o
      on o.oid = a.attcollation and a.attcollation <> t.typcollation
    left join pg_catalog.pg_namespace as cn on cn.oid = o.collnamespace
    left join pg_catalog.pg_depend as p on a.attidentity <> ''
      and p.refclassid = 'pg_catalog.pg_class'::regclass and p.refobjid = a.attrelid
      and p.refobjsubid = a.attnum and p.classid = 'pg_catalog.pg_class'::regclass
      and p.deptype = 'i'
    left join pg_catalog.pg_sequence as s on s.seqrelid = p.objid
    where n.nspname in (${scope.schemas}) and c.relkind in ('r', 'p', 'f', 'v', 'm', 'c')
      and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum`,
  );
}
