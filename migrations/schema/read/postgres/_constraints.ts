import { sql } from "kysely";
import { rowsOf, type Scope } from "./_scope.ts";

/** A constraint of a table or of a domain. */
export interface ConstraintRow {
  /** The table; 0 for a constraint of a domain. */
  readonly relation: number;
  /** The domain; 0 for a constraint of a table. */
  readonly domain: number;
  readonly name: string;
  readonly kind: "p" | "u" | "f" | "c" | "x";
  readonly definition: string;
  readonly expression: string | null;
  readonly columns: readonly string[] | null;
  readonly referenced_schema: string | null;
  readonly referenced_table: string | null;
  readonly referenced_columns: readonly string[] | null;
  readonly on_update: string;
  readonly on_delete: string;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly validated: boolean;
  readonly inherited: boolean;
  readonly comment: string | null;
}

/** Reads keys, foreign keys, checks and exclusions. */
export function readConstraints(scope: Scope): Promise<ConstraintRow[]> {
  const names = (table: string, columns: string) =>
    sql`(
      select json_agg(a.attname order by k.position)
      from unnest(${sql.ref(columns)}) with ordinality as k (number, position)
      join pg_catalog.pg_attribute as a
        on a.attrelid = ${sql.ref(table)} and a.attnum = k.number)`;
  return rowsOf(
    scope,
    sql`
    select c.conrelid::bigint as relation, c.contypid::bigint as domain, c.conname as name,
      c.contype as kind, pg_catalog.pg_get_constraintdef(c.oid) as definition,
      pg_catalog.pg_get_expr(c.conbin, c.conrelid) as expression,
      ${names("c.conrelid", "c.conkey")} as columns,
      rn.nspname as referenced_schema, r.relname as referenced_table,
      ${names("c.confrelid", "c.confkey")} as referenced_columns,
      c.confupdtype as on_update, c.confdeltype as on_delete, c.condeferrable as deferrable,
      c.condeferred as deferred, c.convalidated as validated,
      c.conparentid <> 0 or (c.coninhcount > 0 and not c.conislocal) as inherited,
      pg_catalog.obj_description(c.oid, 'pg_constraint') as comment
    from pg_catalog.pg_constraint as c
    join pg_catalog.pg_namespace as n on n.oid = c.connamespace
    left join pg_catalog.pg_class as r on r.oid = c.confrelid
    left join pg_catalog.pg_namespace as rn on rn.oid = r.relnamespace
    left join pg_catalog.pg_constraint as o on o.oid = c.conparentid
    where n.nspname in (${scope.schemas}) and c.contype in ('p', 'u', 'f', 'c', 'x')
      -- PostgreSQL's own copies of a foreign key, one for each partition of the table referred to
      and (c.conparentid = 0 or o.conrelid <> c.conrelid)`,
  );
}

/** An index that belongs to no constraint. */
export interface IndexRow {
  readonly relation: number;
  readonly name: string;
  readonly unique: boolean;
  readonly method: string;
  readonly parts: readonly {
    readonly column: string | null;
    readonly expression: string | null;
    readonly descending: boolean;
    readonly nulls_first: boolean;
    readonly collation: string | null;
  }[];
  readonly include: readonly string[] | null;
  readonly predicate: string | null;
  readonly valid: boolean;
  readonly definition: string;
  /** What the definition begins with, up to the name of the table. */
  readonly head: string;
  readonly quoted_schema: string;
  readonly inherited: boolean;
  readonly comment: string | null;
}

/** Reads the indexes that belong to no constraint. */
export function readIndexes(scope: Scope): Promise<IndexRow[]> {
  return rowsOf(
    scope,
    sql`
    select i.indrelid::bigint as relation, x.relname as name, i.indisunique as unique,
      m.amname as method,
      (select json_agg(json_build_object(
          'column', a.attname,
          'expression', case when k.number = 0
            then pg_catalog.pg_get_indexdef(i.indexrelid, k.position::int, false) end,
          'descending', (i.indoption[k.position - 1] & 1) = 1,
          'nulls_first', (i.indoption[k.position - 1] & 2) = 2,
          'collation', (select o.collname from pg_catalog.pg_collation as o
            where o.oid = i.indcollation[k.position - 1]
              and o.oid <> coalesce(a.attcollation, 100))) order by k.position)
        from unnest(i.indkey) with ordinality as k (number, position)
        left join pg_catalog.pg_attribute as a
          on a.attrelid = i.indrelid and a.attnum = k.number and k.number <> 0
        where k.position <= i.indnkeyatts) as parts,
      (select json_agg(a.attname order by k.position)
        from unnest(i.indkey) with ordinality as k (number, position)
        join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.number
        where k.position > i.indnkeyatts) as include,
      pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate, i.indisvalid as valid,
      pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
      'CREATE ' || case when i.indisunique then 'UNIQUE ' else '' end || 'INDEX ' ||
        quote_ident(x.relname) || ' ON ' as head,
      quote_ident(n.nspname) as quoted_schema,
      exists (select 1 from pg_catalog.pg_inherits as h where h.inhrelid = x.oid) as inherited,
      pg_catalog.obj_description(x.oid, 'pg_class') as comment
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as x on x.oid = i.indexrelid
    join pg_catalog.pg_class as c on c.oid = i.indrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_am as m on m.oid = x.relam
    where n.nspname in (${scope.schemas}) and c.relkind in ('r', 'p', 'm')
      and not exists (select 1 from pg_catalog.pg_constraint as k
        where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`,
  );
}
