import { type Kysely, sql } from "kysely";
import type { ServerFacts, Truncater, ViewSource } from "./_facts.ts";

/** Reads what PostgreSQL says of itself, of its user, and of what reads past policies. */
export async function readPostgresFacts(db: Kysely<any>): Promise<Partial<ServerFacts>> {
  const { rows: [row] } = await sql<{
    exempt: boolean;
    connections: number;
    idle: number;
    open: boolean;
  }>`
    select
      (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as exempt,
      (select setting::int from pg_settings where name = 'max_connections')
        - (select setting::int from pg_settings where name = 'superuser_reserved_connections')
        as connections,
      (select setting::int from pg_settings where name = 'idle_in_transaction_session_timeout')
        as idle,
      -- Grants to nobody in particular are those to everybody.
      coalesce((select bool_or(a.privilege_type = 'CREATE' and a.grantee = 0)
        from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = current_schema()), false)
        as open`.execute(db);
  const { rows: viewSources } = await sql<ViewSource>`
    select distinct v.relname as view, t.relname as "table"
    from pg_depend d
      join pg_rewrite r on r.oid = d.objid
      join pg_class v on v.oid = r.ev_class
      join pg_class t on t.oid = d.refobjid
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
      and v.oid <> t.oid and v.relkind in ('v', 'm')
      and v.relnamespace = current_schema()::regnamespace
      and t.relnamespace = current_schema()::regnamespace
    order by 1, 2`.execute(db);
  const { rows: truncaters } = await sql<Truncater>`
    select c.relname as "table", coalesce(r.rolname, 'public') as role
    from pg_class c cross join lateral aclexplode(c.relacl) a
      left join pg_roles r on r.oid = a.grantee
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
      and a.privilege_type = 'TRUNCATE' and a.grantee <> c.relowner
    order by 1, 2`.execute(db);
  return {
    bypassesPolicies: row!.exempt,
    maxConnections: row!.connections,
    idleTransactionTimeout: row!.idle,
    isSchemaOpen: row!.open,
    hasSharedSessions: await hasSharedSessions(db),
    viewSources,
    truncaters,
  };
}

/** Asks one connection several times which process answers. */
async function hasSharedSessions(db: Kysely<any>): Promise<boolean> {
  return await db.connection().execute(async (connection) => {
    const pids = new Set<number>();
    for (let i = 0; i < 4; i++) {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`
        .execute(connection);
      pids.add(rows[0]!.pid);
    }
    return pids.size > 1;
  });
}
