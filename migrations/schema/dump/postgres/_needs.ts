import { type Kysely, sql } from "kysely";

/** Returns what tells an object apart. */
export function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/**
 * Reads which objects need which: `["relation", schema, name]` for tables, views and composite types,
 * `["sequence", ..]`, `["type", ..]`, `["routine", schema, name, parameters]` and
 * `["constraint", schema, table, name]`.
 */
export async function readNeeds(
  db: Kysely<any>,
  schemas: readonly string[],
): Promise<Map<string, Set<string>>> {
  const catalog = (name: string) => sql`${sql.lit(`pg_catalog.${name}`)}::regclass::oid`;
  const { rows } = await sql<{ json: string }>`
    with relation as materialized (
      select c.oid, c.reltype, c.relkind,
        json_build_array('relation', n.nspname, c.relname)::text as key,
        n.nspname as schema, c.relname as name
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where n.nspname in (${sql.join(schemas)})
    ), type as materialized (
      select t.oid, t.typarray, json_build_array('type', n.nspname, t.typname)::text as key
      from pg_catalog.pg_type as t
      join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
      where n.nspname in (${sql.join(schemas)}) and t.typtype in ('e', 'd', 'r')
      union all
      select t.oid, t.typarray, r.key from pg_catalog.pg_type as t
      join relation as r on r.oid = t.typrelid
    ), node (class, oid, key) as materialized (
      select ${catalog("pg_class")}, oid, key from relation
      where relkind in ('r', 'p', 'f', 'v', 'm', 'c')
      union all
      select ${catalog("pg_class")}, oid, json_build_array('sequence', schema, name)::text
      from relation where relkind = 'S'
      union all
      select ${catalog("pg_type")}, oid, key from type
      union all
      select ${catalog("pg_type")}, typarray, key from type where typarray <> 0
      union all
      select ${catalog("pg_type")}, (to_jsonb(g) ->> 'rngmultitypid')::oid, t.key
      from pg_catalog.pg_range as g join type as t on t.oid = g.rngtypid
      union all
      select ${catalog("pg_proc")}, p.oid, json_build_array('routine', n.nspname, p.proname,
        pg_catalog.pg_get_function_identity_arguments(p.oid))::text
      from pg_catalog.pg_proc as p
      join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname in (${sql.join(schemas)})
      union all
      select ${catalog("pg_attrdef")}, d.oid, r.key
      from pg_catalog.pg_attrdef as d join relation as r on r.oid = d.adrelid
      union all
      select ${catalog("pg_rewrite")}, w.oid, r.key
      from pg_catalog.pg_rewrite as w join relation as r on r.oid = w.ev_class
      where w.rulename = '_RETURN'
      union all
      select ${catalog("pg_constraint")}, k.oid,
        case when k.contype = 'c' then r.key
          else json_build_array('constraint', r.schema, r.name, k.conname)::text end
      from pg_catalog.pg_constraint as k join relation as r on r.oid = k.conrelid
      where k.contype in ('p', 'u', 'x', 'c')
      union all
      select ${catalog("pg_constraint")}, k.oid, t.key
      from pg_catalog.pg_constraint as k join type as t on t.oid = k.contypid
    )
    select coalesce(json_agg(distinct jsonb_build_array(a.key, b.key)), '[]')::text as json
    from pg_catalog.pg_depend as d
    join node as a on a.class = d.classid and a.oid = d.objid
    join node as b on b.class = d.refclassid and b.oid = d.refobjid
    where a.key <> b.key and not (a.key like '["sequence"%' and b.key like '["relation"%')`
    .execute(db);
  const needs = new Map<string, Set<string>>();
  for (const [from, to] of JSON.parse(rows[0]!.json) as [string, string][]) {
    // The server writes a space behind each comma.
    const key = keyOf(...JSON.parse(from));
    const set = needs.get(key) ?? new Set();
    needs.set(key, set.add(keyOf(...JSON.parse(to))));
  }
  return needs;
}

/** An index of a partition, and the one of the partitioned table that it is part of. */
export interface AttachedIndex {
  readonly schema: string;
  readonly name: string;
  readonly parent_schema: string;
  readonly parent: string;
}

/** Reads which indexes of partitions are part of which. */
export async function readAttached(
  db: Kysely<any>,
  schemas: readonly string[],
): Promise<AttachedIndex[]> {
  const { rows } = await sql<AttachedIndex>`
    select cn.nspname as schema, c.relname as name, pn.nspname as parent_schema,
      p.relname as parent
    from pg_catalog.pg_inherits as i
    join pg_catalog.pg_class as c on c.oid = i.inhrelid and c.relkind in ('i', 'I')
    join pg_catalog.pg_namespace as cn on cn.oid = c.relnamespace
    join pg_catalog.pg_class as p on p.oid = i.inhparent
    join pg_catalog.pg_namespace as pn on pn.oid = p.relnamespace
    where cn.nspname in (${sql.join(schemas)})
    order by cn.nspname collate "C", c.relname collate "C"`.execute(db);
  return rows;
}
