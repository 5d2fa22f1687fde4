import { type Kysely, sql } from "kysely";
import { LEXES } from "../sql/_lexis.ts";
import { inReadOnlyTransaction } from "./_read_only.ts";
import { fieldOf, isBusyError } from "./_errors.ts";
import type { CatalogColumn, MigrationTraits } from "./_traits.ts";
import type { TableNames } from "./_table_names.ts";

/** What the lock is known by in the whole server: the database, the schema and the table. */
function lockKey({ schema, history }: TableNames) {
  return sql`hashtextextended(
    'kysera:' || current_database() || ':' ||
      coalesce(${schema ?? null}::text, current_schema()::text, '') || ':' || ${history}::text, 0)`;
}

/** What is set in the session, and what it would be otherwise. */
async function setIn(
  db: Kysely<any>,
): Promise<{ name: string; value: string; initial: string }[]> {
  const { rows } = await sql<{ name: string; value: string; initial: string }>`
    select name, setting as value, coalesce(reset_val, '') as initial from pg_catalog.pg_settings
    where source = 'session' and context in ('user', 'superuser')`.execute(db);
  return rows;
}

export const postgres: MigrationTraits = {
  lexis: LEXES.postgres,
  columns: { name: sql`varchar(255)`, text: sql`text`, bigint: "bigint" },
  transactionalDdl: true,
  isServer: true,
  hasSchemas: true,
  isolationLevel: "read committed",
  clock: sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
  async readColumns(db, names, schema) {
    const { rows } = await sql<CatalogColumn>`
      select n.nspname as "schema", c.relname as "table", a.attname as "column"
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = c.oid
      where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and c.relname in (${sql.join([...names])})
        and ${
      schema === undefined ? sql`pg_catalog.pg_table_is_visible(c.oid)` : sql`n.nspname = ${schema}`
    }
      order by c.relname, a.attnum`.execute(db);
    return rows;
  },
  readTime: (column) => sql.ref(column),
  async tryTransactionLock(trx, names) {
    const key = lockKey(names);
    const { rows } = await sql<{ locked: boolean }>`
      select pg_try_advisory_xact_lock(${key}) as locked`.execute(trx);
    return rows[0]?.locked === true;
  },
  transactionLock: (names) => sql`pg_try_advisory_xact_lock(${lockKey(names)})`,
  lockLimit: (ms) =>
    sql`set_config('lock_timeout', case current_setting('lock_timeout') when '0'
      then ${String(ms)}::text else current_setting('lock_timeout') end, true)`,
  async keepSession(db) {
    const before = new Map((await setIn(db)).map(({ name, value }) => [name, value]));
    return async () => {
      const changed = (await setIn(db)).filter(({ name, value }) => before.get(name) !== value);
      if (changed.length === 0) return;
      await db.selectNoFrom(
        changed.map(({ name, initial }, i) =>
          sql`set_config(${name}, ${before.get(name) ?? initial}, false)`.as(`set${i}`)
        ),
      ).execute();
    };
  },
  trySessionLock: () => Promise.resolve(true),
  releaseSessionLock: () => Promise.resolve(),
  async serverHolder(db, names) {
    const { rows } = await sql<
      { pid: number; address: string | null; application: string | null; since: Date | null }
    >`
      select l.pid, host(a.client_addr) as address, a.application_name as application,
        a.xact_start as since
      from pg_catalog.pg_locks l
      left join pg_catalog.pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
        and ((l.classid::bigint << 32) | l.objid::bigint) = ${lockKey(names)}`.execute(db);
    const [holder] = rows;
    if (holder === undefined) return undefined;
    const parts = [`session ${holder.pid}`];
    if (holder.application) parts.push(`of "${holder.application}"`);
    if (holder.address) parts.push(`from ${holder.address}`);
    return {
      from: parts.join(" "),
      ...holder.since ? { since: new Date(holder.since) } : {},
    };
  },
  readOnly: inReadOnlyTransaction,
  isBusy: (error) => isBusyError(error, "postgres"),
  // An active transaction; and a block of code that would end it.
  isRefusedInTransaction: (error) => ["25001", "2D000"].includes(String(fieldOf(error, "code"))),
  isMissingRelation: (error) =>
    ["42P01", "42703", "3F000", "42883", "42704"].includes(String(fieldOf(error, "code"))),
  canRecordWith: () => true,
  async clearUnfinished(db, names, before) {
    const { rows } = await sql<
      { schema: string; name: string; definition: string; building: boolean }
    >`
      select n.nspname as schema, x.relname as name, pg_get_indexdef(x.oid) as definition,
        exists (
          select 1 from pg_catalog.pg_stat_progress_create_index p where p.index_relid = x.oid
        ) as building
      from pg_catalog.pg_index i
      join pg_catalog.pg_class x on x.oid = i.indexrelid
      join pg_catalog.pg_namespace n on n.oid = x.relnamespace
      join pg_catalog.pg_class c on c.oid = i.indrelid
      where not i.indisvalid and x.relkind = 'i' and pg_catalog.pg_table_is_visible(c.oid)
        and (x.relname in (${sql.join([...names, ""])}) or c.relname in (${
      sql.join([...names, ""])
    }))`.execute(db);
    const left = rows.filter(({ definition }) =>
      !before.split("\n").includes(`index ${definition} false`)
    );
    if (left.some(({ building }) => building)) return "running";
    for (const { schema, name } of left) {
      await sql`drop index concurrently if exists ${sql.id(schema, name)}`.execute(db);
    }
    return "cleared";
  },
  async fingerprint(db, names) {
    const list = sql.join([...names, ""]);
    const { rows } = await sql<{ line: string }>`
      select line from (
        select 'column ' || a.attrelid::regclass || ' ' || a.attname || ' ' ||
          format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull as line
        from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
        where a.attnum > 0 and not a.attisdropped and c.relname in (${list})
          and pg_catalog.pg_table_is_visible(c.oid)
        union all
        select 'index ' || pg_get_indexdef(i.indexrelid) || ' ' || i.indisvalid
        from pg_catalog.pg_index i
        join pg_catalog.pg_class c on c.oid = i.indrelid
        join pg_catalog.pg_class x on x.oid = i.indexrelid
        where (c.relname in (${list}) or x.relname in (${list}))
          and pg_catalog.pg_table_is_visible(c.oid)
        union all
        select 'constraint ' || c.relname || ' ' || k.conname || ' ' ||
          pg_get_constraintdef(k.oid) || ' ' || k.convalidated
        from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
        where c.relname in (${list}) and pg_catalog.pg_table_is_visible(c.oid)
        union all
        select 'partition ' || i.inhrelid::regclass || ' ' || i.inhparent::regclass
        from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhparent
        where c.relname in (${list})
        union all
        select 'database ' || datname from pg_catalog.pg_database where datname in (${list})
        union all
        select 'enum ' || t.typname || ' ' || e.enumlabel
        from pg_catalog.pg_enum e join pg_catalog.pg_type t on t.oid = e.enumtypid
        where t.typname in (${list})
      ) as lines order by line`.execute(db);
    return rows.map(({ line }) => line).join("\n");
  },
};
