import { sql } from "kysely";
import { type Ask, grouped, type TableInfo } from "../common/_catalog.ts";

/** What the catalog says of a table; `undefined` where there is none of the name. */
export async function askMysql(
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
