import type { DialectName } from "@kysera/executor";
import { type Expression, sql } from "kysely";

/** A column of a table. */
export interface ColumnInfo {
  readonly name: string;
  /** The type, as the database's catalog names it. */
  readonly type: string;
  /** Whether the database works it out: it is then never written. */
  readonly generated: boolean;
  /** Whether it has a default. Not asked of PostgreSQL. */
  readonly defaulted: boolean;
  /** PostgreSQL: whether it cannot hold NULL. */
  readonly required?: boolean;
  /** MySQL: the whole type and the collation, as a column is declared with. */
  readonly declared?: { readonly type: string; readonly collation: string | null };
}

/** What has to be known of a table to write down its changes. */
export interface TableInfo {
  /** Its name, in the letter case that it has there. */
  readonly name: string;
  /** The schema it is in, named in the query or not; of SQLite the name of the attached database. */
  readonly schema: string;
  /** Whether its name alone finds it. */
  readonly isVisible: boolean;
  /** Whether entries call it by its name alone; of SQLite a table of the main database. */
  readonly isDefault: boolean;
  /** PostgreSQL: whether rows are kept in partitions, or on another server: some have no `xmax`. */
  readonly isScattered: boolean;
  readonly columns: readonly ColumnInfo[];
  /** The columns of its primary key; empty where it has none. */
  readonly key: readonly string[];
  readonly isView: boolean;
  /** SQLite: whether its rows have no number of their own. */
  readonly withoutRowid: boolean;
  /** The column that the database numbers. */
  readonly numbered: string | undefined;
  /** The columns of each unique key; `undefined` in it for an expression. Not asked of PostgreSQL. */
  readonly uniques: readonly (readonly (string | undefined)[])[];
  /** PostgreSQL: `150018`. */
  readonly version: number;
  /** Whether it has triggers of ours that must be told to leave a write to the plugin. */
  readonly triggered: boolean;
  /** Whether INSERT and DELETE have RETURNING. */
  readonly returns: boolean;
}

/** Runs a statement that reads the catalog. */
export type Ask = (query: Expression<any>) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** What the database says of a table; `undefined` where there is none of the name. */
export async function askTable(
  ask: Ask,
  dialect: DialectName,
  name: string,
  schema: string | undefined,
): Promise<TableInfo | undefined> {
  switch (dialect) {
    case "postgres":
      return await askPostgres(ask, name, schema);
    case "sqlite":
      return await askSqlite(ask, name, schema);
    default:
      return await askMysql(ask, name, schema);
  }
}

async function askPostgres(
  ask: Ask,
  name: string,
  schema: string | undefined,
): Promise<TableInfo | undefined> {
  const quoted = [schema, name].filter((part) => part !== undefined)
    .map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
  const [row] = await ask(sql`
    select c.relkind::text as kind, c.relname::text as name, n.nspname::text as namespace,
      pg_table_is_visible(c.oid) as visible, current_setting('server_version_num') as version,
      (select ':' || coalesce(json_agg(a.attname order by k.n), '[]')::text
        from pg_index i
        cross join lateral unnest(i.indkey::int2[]) with ordinality as k(att, n)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.att
        where i.indrelid = c.oid and i.indisprimary) as keys,
      (select ':' || coalesce(
          json_agg(json_build_array(a.attname, format_type(a.atttypid, null), a.attgenerated::text,
            a.attnotnull)
            order by a.attnum), '[]')::text
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as cols
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass(${quoted}::text)`);
  if (row === undefined) return undefined;
  const columns = json(row["cols"]) as [string, string, string, boolean][];
  return {
    name: String(row["name"]),
    schema: String(row["namespace"]),
    isVisible: row["visible"] === true,
    isDefault: row["visible"] === true,
    isScattered: row["kind"] === "p" || row["kind"] === "f",
    columns: columns.map(([name, type, generated, required]) => ({
      name,
      type,
      generated: generated !== "",
      defaulted: false,
      required,
    })),
    key: json(row["keys"]) as string[],
    isView: row["kind"] === "v" || row["kind"] === "m",
    withoutRowid: false,
    numbered: undefined,
    uniques: [],
    version: Number(row["version"]),
    // They look at the statement.
    triggered: false,
    returns: true,
  };
}

async function askSqlite(
  ask: Ask,
  name: string,
  schema: string | undefined,
): Promise<TableInfo | undefined> {
  const of = schema === undefined ? sql`${name}` : sql`${name}, ${schema}`;
  const rows = await ask(sql`
    select 'column' as kind, name, type, pk as n, hidden as extra, dflt_value is not null as d from pragma_table_xinfo(${of})
    union all
    select 'table', l.name, l.type, l.wr, l.schema, coalesce(d.seq, 1e9)
      from pragma_table_list as l left join pragma_database_list as d on d.name = l.schema
      where lower(l.name) = lower(${name})
    union all
    select 'unique', l.name, i.name, i.seqno, 0, 0 from pragma_index_list(${of}) as l
      join pragma_index_info(l.name${schema === undefined ? sql`` : sql`, ${schema}`}) as i
      where l."unique" = 1
    union all
    select 'trigger', name, '', 0, 0, 0 from sqlite_master
      where type = 'trigger' and lower(tbl_name) = lower(${name}) and name like 'kysera_audit_%'`);
  const columns = rows.filter(({ kind, extra }) => kind === "column" && Number(extra) !== 1);
  if (columns.length === 0) return undefined;
  // A name alone finds a temporary table first, then that of the main database, then attached ones.
  const places = rows.filter(({ kind }) => kind === "table").sort((a, b) => rank(a) - rank(b));
  const table = schema === undefined
    ? places[0]
    : places.find(({ extra }) => String(extra).toLowerCase() === schema.toLowerCase());
  const keyed = columns.filter(({ n }) => Number(n) > 0)
    .sort((a, b) => Number(a["n"]) - Number(b["n"]));
  const key = keyed.map(({ name }) => String(name));
  const withoutRowid = Number(table?.["n"] ?? 0) === 1;
  const isNumbered = !withoutRowid && keyed.length === 1 &&
    String(keyed[0]!["type"]).toUpperCase() === "INTEGER";
  const uniques = grouped(rows.filter(({ kind }) => kind === "unique"), "name", "type");
  return {
    name: String(table?.["name"] ?? name),
    schema: String(table?.["extra"] ?? schema ?? "main"),
    isVisible: table === undefined ? schema === undefined : table === places[0],
    isDefault: (table?.["extra"] ?? schema ?? "main") === "main",
    isScattered: false,
    columns: columns.map(({ name, type, extra, d }) => ({
      name: String(name),
      type: String(type),
      generated: Number(extra) > 1,
      defaulted: Number(d) === 1,
    })),
    key,
    isView: table?.["type"] === "view",
    withoutRowid,
    numbered: isNumbered ? key[0] : undefined,
    uniques: isNumbered ? [key, ...uniques] : uniques,
    version: 0,
    triggered: rows.some(({ kind }) => kind === "trigger"),
    returns: true,
  };
}

/** The place of a table's database in the order that SQLite looks for names in. */
function rank({ extra, d }: Readonly<Record<string, unknown>>): number {
  return extra === "temp" ? -1 : Number(d);
}

async function askMysql(
  ask: Ask,
  name: string,
  schema: string | undefined,
): Promise<TableInfo | undefined> {
  const database = sql`coalesce(${schema ?? null}, database())`;
  const rows = await ask(sql`
    select 'column' as kind, column_name as name, data_type as type, ordinal_position as n,
      extra as extra, column_default is not null and column_default <> 'NULL' as d,
      column_type as declared, collation_name as collated
    from information_schema.columns where table_schema = ${database} and table_name = ${name}
    union all
    select 'unique', index_name, column_name, seq_in_index, '', 0, null, null
    from information_schema.statistics
    where table_schema = ${database} and table_name = ${name} and non_unique = 0
    union all
    select 'table', table_type, version(), 0, table_name, table_schema, table_schema = database(), null
    from information_schema.tables where table_schema = ${database} and table_name = ${name}
    union all
    select 'trigger', trigger_name, '', 0, '', 0, null, null from information_schema.triggers
    where event_object_schema = ${database} and event_object_table = ${name}
      and trigger_name like 'kysera_audit_%'`);
  const ordered = [...rows].sort((a, b) => Number(a["n"]) - Number(b["n"]));
  const columns = ordered.filter(({ kind }) => kind === "column");
  if (columns.length === 0) return undefined;
  const [table] = rows.filter(({ kind }) => kind === "table");
  const uniques = ordered.filter(({ kind }) => kind === "unique");
  const key = uniques.filter(({ name }) => name === "PRIMARY").map(({ type }) => String(type));
  return {
    name: String(table?.["extra"] ?? name),
    schema: String(table?.["d"] ?? ""),
    isVisible: Number(table?.["declared"] ?? 0) === 1,
    isDefault: Number(table?.["declared"] ?? 0) === 1,
    isScattered: false,
    columns: columns.map(({ name, type, extra, d, declared, collated }) => ({
      name: String(name),
      type: String(type).toLowerCase(),
      generated: /\b(?:virtual|stored|persistent) generated\b|\bVIRTUAL\b|\bPERSISTENT\b/i
        .test(String(extra)),
      defaulted: Number(d) === 1,
      declared: { type: String(declared), collation: collated === null ? null : String(collated) },
    })),
    key,
    isView: String(table?.["name"]).includes("VIEW"),
    withoutRowid: false,
    numbered: columns.filter(({ extra }) => /auto_increment/i.test(String(extra)))
      .map(({ name }) => String(name))[0],
    uniques: grouped(uniques, "name", "type"),
    version: 0,
    triggered: rows.some(({ kind }) => kind === "trigger"),
    returns: /mariadb/i.test(String(table?.["type"])),
  };
}

function grouped(
  rows: readonly Readonly<Record<string, unknown>>[],
  by: string,
  column: string,
): (string | undefined)[][] {
  const groups = new Map<unknown, (string | undefined)[]>();
  for (const row of rows) {
    const group = groups.get(row[by]) ?? [];
    groups.set(row[by], group);
    group.push(row[column] === null ? undefined : String(row[column]));
  }
  return [...groups.values()];
}

/** What was sent with a colon before it, so that no Kysely plugin takes it for JSON. */
function json(text: unknown): unknown {
  return typeof text === "string" ? JSON.parse(text.slice(1)) : [];
}
