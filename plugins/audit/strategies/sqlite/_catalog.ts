import { sql } from "kysely";
import { type Ask, grouped, type TableInfo } from "../common/_catalog.ts";

/** What the catalog says of a table; `undefined` where there is none of the name. */
export async function askSqlite(
  ask: Ask,
  name: string,
  schema: string | undefined,
): Promise<TableInfo | undefined> {
  const of = schema === undefined ? sql`${name}` : sql`${name}, ${schema}`;
  // Attached databases are listed in their order; D1 does not allow pragma_database_list.
  const rows = await ask(sql`
    select 'column' as kind, name, type, pk as n, hidden as extra, dflt_value is not null as d from pragma_table_xinfo(${of})
    union all
    select 'table', l.name, l.type, l.wr, l.schema,
        case l.schema when 'main' then 0 when 'temp' then 1 else 1 + l.rowid end
      from pragma_table_list as l where lower(l.name) = lower(${name})
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
    tellsSchema: await tellsSchema(ask),
    numbered: isNumbered ? key[0] : undefined,
    uniques: isNumbered ? [key, ...uniques] : uniques,
    version: 0,
    triggered: rows.some(({ kind }) => kind === "trigger"),
    returns: true,
  };
}

/** The place of a table's database in the order that SQLite looks for names in. */
async function tellsSchema(ask: Ask): Promise<boolean> {
  try {
    await ask(sql`select schema_version from pragma_schema_version`);
    return true;
  } catch {
    return false;
  }
}

function rank({ extra, d }: Readonly<Record<string, unknown>>): number {
  return extra === "temp" ? -1 : Number(d);
}
