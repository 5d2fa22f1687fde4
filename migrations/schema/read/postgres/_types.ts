import { sql } from "kysely";
import { notOfExtension, rowsOf, type Scope } from "./_scope.ts";

/** An enumeration, a domain or a range type. */
export interface TypeRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "e" | "d" | "r";
  readonly values: readonly string[] | null;
  readonly base: string;
  readonly base_name: string | null;
  readonly base_schema: string | null;
  readonly base_kind: string | null;
  readonly base_is_array: boolean | null;
  readonly not_null: boolean;
  readonly default: string | null;
  readonly collation: string | null;
  readonly collation_schema: string | null;
  readonly subtype: string | null;
  readonly canonical: string | null;
  readonly subtype_diff: string | null;
  readonly comment: string | null;
}

/** Reads enumerations, domains and range types. */
export function readTypes(scope: Scope): Promise<TypeRow[]> {
  return rowsOf(
    scope,
    sql`
    select t.oid::bigint as oid, n.nspname as schema, t.typname as name, t.typtype as kind,
      (select json_agg(v.enumlabel order by v.enumsortorder)
        from pg_catalog.pg_enum as v where v.enumtypid = t.oid) as values,
      pg_catalog.format_type(t.typbasetype, t.typtypmod) as base, e.typname as base_name,
      en.nspname as base_schema, e.typtype as base_kind, e.oid <> b.oid as base_is_array,
      t.typnotnull as not_null, t.typdefault as default,
      o.collname as collation, nullif(cn.nspname, 'pg_catalog') as collation_schema,
      r.rngsubtype::regtype::text as subtype,
      nullif(r.rngcanonical::oid, 0)::regproc::text as canonical,
      nullif(r.rngsubdiff::oid, 0)::regproc::text as subtype_diff,
      pg_catalog.obj_description(t.oid, 'pg_type') as comment
    from pg_catalog.pg_type as t
    join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
    left join pg_catalog.pg_type as b on b.oid = t.typbasetype
    left join pg_catalog.pg_type as e
      on e.oid = case when b.typcategory = 'A' and b.typelem <> 0 then b.typelem else b.oid end
    left join pg_catalog.pg_namespace as en on en.oid = e.typnamespace
    left join pg_catalog.pg_range as r on r.rngtypid = t.oid
    left join pg_catalog.pg_type as s on s.oid = r.rngsubtype
    left join pg_catalog.pg_collation as o on o.oid = case t.typtype
      when 'd' then nullif(t.typcollation, b.typcollation)
      when 'r' then nullif(r.rngcollation, s.typcollation) end
    left join pg_catalog.pg_namespace as cn on cn.oid = o.collnamespace
    where n.nspname in (${scope.schemas}) and t.typtype in ('e', 'd', 'r')
      and ${notOfExtension("pg_type", sql`t.oid`)}`,
  );
}

/** A sequence that is not that of an identity column. */
export interface SequenceRow {
  readonly schema: string;
  readonly name: string;
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly cache: string;
  readonly cycle: boolean;
  readonly owner_table: string | null;
  readonly owner_column: string | null;
  readonly comment: string | null;
}

/** Reads the sequences, except those of identity columns. */
export function readSequences(scope: Scope): Promise<SequenceRow[]> {
  return rowsOf(
    scope,
    sql`
    select n.nspname as schema, c.relname as name, s.seqtypid::regtype::text as type,
      s.seqstart::text as start, s.seqincrement::text as increment, s.seqmin::text as minimum,
      s.seqmax::text as maximum, s.seqcache::text as cache, s.seqcycle as cycle,
      o.relname as owner_table, a.attname as owner_column,
      pg_catalog.obj_description(c.oid, 'pg_class') as comment
    from pg_catalog.pg_sequence as s
    join pg_catalog.pg_class as c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    left join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_class'::regclass
      and d.objid = c.oid and d.refclassid = 'pg_catalog.pg_class'::regclass
      and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    left join pg_catalog.pg_class as o on o.oid = d.refobjid
    left join pg_catalog.pg_attribute as a
      on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where n.nspname in (${scope.schemas}) and d.deptype is distinct from 'i'
      and c.relpersistence <> 't' and ${notOfExtension("pg_class", sql`c.oid`)}`,
  );
}
