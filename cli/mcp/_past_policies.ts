import { getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";

/** A relation of PostgreSQL whose rows are not those that the policies leave. */
export interface PastPolicies {
  readonly schema: string;
  readonly name: string;
}

/**
 * Returns the relations that policies do not hold for when they are read by the role of the connection:
 * tables of its own, partitions and heirs of tables with policies, views that read as their owner,
 * relations that hold copies of rows, sequences, and whatever reads one of these.
 */
export async function relationsPastPolicies(db: Kysely<any>): Promise<PastPolicies[]> {
  const { rows } = await sql<PastPolicies>`
    with recursive uses (view, kind, used) as (
      select r.ev_class, d.refclassid, d.refobjid
      from pg_rewrite r
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
      where d.refobjid <> r.ev_class
    ),
    ancestors (child, parent) as (
      select inhrelid, inhparent from pg_inherits
      union
      select a.child, i.inhparent from ancestors a join pg_inherits i on i.inhrelid = a.parent
    ),
    past (id) as (
      select c.oid
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
        and case c.relkind
          when 'm' then true
          when 'f' then true
          when 'S' then true
          when 'v' then
            not coalesce(lower(c.reloptions::text) ~ 'security_invoker=(true|on|yes|1)', false)
            or exists (
              select from uses u join pg_proc f on f.oid = u.used
              where u.view = c.oid and u.kind = 'pg_proc'::regclass and f.prosecdef
            )
            or exists (
              select from uses u join pg_class s on s.oid = u.used
              where u.view = c.oid and u.kind = 'pg_class'::regclass
                and s.relnamespace = 'pg_catalog'::regnamespace
            )
          else c.relkind in ('r', 'p') and case
            when c.relrowsecurity then not row_security_active(c.oid)
            else exists (
              select from ancestors a join pg_class p on p.oid = a.parent
              where a.child = c.oid and p.relrowsecurity
            )
          end
        end
      union
      select u.view from past join uses u on u.kind = 'pg_class'::regclass and u.used = past.id
    )
    select n.nspname as schema, c.relname as name
    from past
    join pg_class c on c.oid = past.id
    join pg_namespace n on n.oid = c.relnamespace`.execute(getRawDb(db).withoutPlugins());
  return rows;
}

/** A function that is not one of PostgreSQL's own. */
export interface OwnFunction {
  readonly name: string;
  /** Whether it takes a row, and is called by a dot behind it as well. */
  readonly isOfRow: boolean;
}

/** Returns the functions that are not PostgreSQL's own. */
export async function ownFunctions(db: Kysely<any>): Promise<OwnFunction[]> {
  const { rows } = await sql<OwnFunction>`
    select p.proname as name, bool_or(t.typtype in ('c', 'p')) as "isOfRow"
    from pg_proc p
    left join pg_type t on t.oid = p.proargtypes[0]
    where p.pronamespace <> 'pg_catalog'::regnamespace
    group by p.proname`.execute(getRawDb(db).withoutPlugins());
  return rows;
}
