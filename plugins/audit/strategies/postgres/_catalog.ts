import { sql } from "kysely";
import type { Ask, TableInfo } from "../common/_catalog.ts";

/** What the catalog says of a table; `undefined` where there is none of the name. */
export async function askPostgres(
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

/** What was sent with a colon before it, so that no Kysely plugin takes it for JSON. */
function json(text: unknown): unknown {
  return typeof text === "string" ? JSON.parse(text.slice(1)) : [];
}
