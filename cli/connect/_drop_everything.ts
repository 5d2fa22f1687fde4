import { detectDialect, type Dialect } from "@kysera/core";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { refusal } from "../contract/_cli_error.ts";

/** An object of a schema, and the statement that drops it. */
interface Droppable {
  /** `table users` */
  readonly label: string;
  readonly drop: RawBuilder<unknown>;
}

type ListDroppable = (db: Kysely<any>, schema: string | undefined) => Promise<Droppable[]>;

const LISTS: Readonly<Partial<Record<Dialect, ListDroppable>>> = {
  sqlite: listSqlite,
  postgres: listPostgres,
  mysql: listMysql,
};

/**
 * Drops every object of a schema, and leaves the schema itself with its owner and grants. What belongs
 * to an extension stays.
 *
 * @returns what was dropped
 */
export async function dropEverything(
  db: Kysely<any>,
  schema: string | undefined,
): Promise<string[]> {
  const dialect = detectDialect(db);
  const list = LISTS[dialect];
  if (list === undefined) throw refusal(`Cannot drop everything in a database of "${dialect}"`);
  if (dialect === "postgres") {
    return await db.transaction().execute((trx) => dropAll(trx, list, schema));
  }
  return await db.connection().execute(async (connection) => {
    const check = dialect === "sqlite"
      ? { off: sql`pragma foreign_keys = off`, on: sql`pragma foreign_keys = on` }
      : { off: sql`set foreign_key_checks = 0`, on: sql`set foreign_key_checks = 1` };
    await check.off.execute(connection);
    try {
      // MySQL ends a transaction with each statement that drops something.
      return dialect === "sqlite"
        ? await connection.transaction().execute((trx) => dropAll(trx, list, schema))
        : await dropAll(connection, list, schema);
    } finally {
      await check.on.execute(connection);
    }
  });
}

async function dropAll(
  db: Kysely<any>,
  list: ListDroppable,
  schema: string | undefined,
): Promise<string[]> {
  const objects = await list(db, schema);
  for (const { drop } of objects) await drop.execute(db);
  return objects.map(({ label }) => label);
}

async function listSqlite(db: Kysely<any>): Promise<Droppable[]> {
  const { rows } = await sql<{ type: "view" | "table"; name: string }>`
    select type, name from sqlite_master
    where type in ('view', 'table') and name not like 'sqlite\\_%' escape '\\'
    order by type = 'table', sql not like 'create virtual table%'`.execute(db);
  // A virtual table takes its shadow tables with it.
  return rows.map(({ type, name }) => ({
    label: `${type} ${name}`,
    drop: type === "view"
      ? sql`drop view if exists ${sql.id(name)}`
      : sql`drop table if exists ${sql.id(name)}`,
  }));
}

async function listMysql(db: Kysely<any>): Promise<Droppable[]> {
  const { rows } = await sql<{ kind: string; name: string }>`
    select table_type as kind, table_name as name from information_schema.tables
    where table_schema = database()
    union all
    select routine_type, routine_name from information_schema.routines
    where routine_schema = database()
    union all
    select 'EVENT', event_name from information_schema.events where event_schema = database()`
    .execute(db);
  const drops: Readonly<Record<string, (name: string) => RawBuilder<unknown>>> = {
    "VIEW": (name) => sql`drop view if exists ${sql.id(name)}`,
    "SEQUENCE": (name) => sql`drop sequence if exists ${sql.id(name)}`,
    "PROCEDURE": (name) => sql`drop procedure if exists ${sql.id(name)}`,
    "FUNCTION": (name) => sql`drop function if exists ${sql.id(name)}`,
    "EVENT": (name) => sql`drop event if exists ${sql.id(name)}`,
  };
  return rows
    .map(({ kind, name }) => ({
      label: `${Object.hasOwn(drops, kind) ? kind.toLowerCase() : "table"} ${name}`,
      // Tables with versions are tables as well.
      drop: (drops[kind] ?? ((table) => sql`drop table if exists ${sql.id(table)}`))(name),
    }))
    .sort((a, b) => Number(b.label.startsWith("view ")) - Number(a.label.startsWith("view ")));
}

/** How each kind of {@linkcode listPostgres} is dropped. */
const POSTGRES_DROPS: Readonly<
  Record<string, (target: RawBuilder<unknown>) => RawBuilder<unknown>>
> = {
  "view": (target) => sql`drop view if exists ${target} cascade`,
  "materialized view": (target) => sql`drop materialized view if exists ${target} cascade`,
  "sequence": (target) => sql`drop sequence if exists ${target} cascade`,
  "foreign table": (target) => sql`drop foreign table if exists ${target} cascade`,
  "table": (target) => sql`drop table if exists ${target} cascade`,
  "procedure": (target) => sql`drop procedure if exists ${target} cascade`,
  "aggregate": (target) => sql`drop aggregate if exists ${target} cascade`,
  "function": (target) => sql`drop function if exists ${target} cascade`,
  "domain": (target) => sql`drop domain if exists ${target} cascade`,
  "type": (target) => sql`drop type if exists ${target} cascade`,
};

async function listPostgres(
  db: Kysely<any>,
  schema: string | undefined,
): Promise<Droppable[]> {
  const { rows } = await sql<{ kind: string; name: string; arguments: string | null }>`
    with place as (
      select oid from pg_namespace
      where nspname = coalesce(${schema ?? null}::text, current_schema())
    ),
    of_extension as (select classid, objid from pg_depend where deptype = 'e')
    select case c.relkind
        when 'v' then 'view' when 'm' then 'materialized view'
        when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end as kind,
      c.relname as name, null as arguments
    from pg_class c
    where c.relnamespace in (select oid from place) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      and not exists (
        select from of_extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid
      )
      -- The sequence of a column goes with it, and that of an identity column not without.
      and not (c.relkind = 'S' and exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
      ))
    union all
    select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
      p.proname, pg_get_function_identity_arguments(p.oid)
    from pg_proc p
    where p.pronamespace in (select oid from place)
      and not exists (
        select from of_extension e where e.classid = 'pg_proc'::regclass and e.objid = p.oid
      )
    union all
    select case t.typtype when 'd' then 'domain' else 'type' end, t.typname, null
    from pg_type t
    where t.typnamespace in (select oid from place)
      and (t.typtype in ('e', 'd', 'r')
        or t.typtype = 'c' and (select relkind from pg_class where oid = t.typrelid) = 'c')
      and not exists (
        select from of_extension e where e.classid = 'pg_type'::regclass and e.objid = t.oid
      )`.execute(db);
  return rows.map(({ kind, name, arguments: list }) => {
    const id = schema === undefined ? sql.id(name) : sql.id(schema, name);
    // PostgreSQL writes the arguments so that it reads them again: every name in it is quoted.
    const target = list === null ? id : sql`${id}(${sql.raw(list)})`;
    return { label: `${kind} ${name}`, drop: POSTGRES_DROPS[kind]!(target) };
  });
}
