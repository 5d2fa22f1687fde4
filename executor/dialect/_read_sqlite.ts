import { type Kysely, type RawBuilder, sql } from "kysely";
import type { CatalogRow, NamedTable } from "./traits.ts";

/**
 * Reads SQLite's catalog: of the main database, of temporary and of attached ones. A name without a
 * schema is looked for among the temporary ones first.
 *
 * @see https://www.sqlite.org/lang_naming.html
 */
export async function readSqlite(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly CatalogRow[]> {
  const found = await relationsOf(db, tables);
  const seen = new Set<string>();
  const rows: CatalogRow[] = [];
  for (const { name, namespace, viewed } of found) {
    const key = name.toLowerCase();
    const relation = { relation: name, namespace, viewed, visible: seen.has(key) ? 0 : 1 };
    seen.add(key);
    rows.push({ ...relation, attribute: null, nullable: null });
  }
  const byName = new Map(rows.map((row) => [`${row.namespace}\0${row.relation}`, row]));
  for (const { name, namespace, attribute, nullable } of await columnsOf(db, tables, found)) {
    const relation = byName.get(`${namespace}\0${name}`);
    if (relation !== undefined) rows.push({ ...relation, attribute, nullable });
  }
  return rows;
}

interface ListedRelation {
  readonly name: string;
  readonly namespace: string;
  readonly viewed: number;
}

interface ListedColumn {
  readonly name: string;
  readonly namespace: string;
  readonly attribute: string;
  readonly nullable: number;
}

/** The relations as `l`: all, or those of the names; Cloudflare's own may not be read. */
function listOf(tables: readonly NamedTable[] | undefined): RawBuilder<unknown> {
  // The list is gone through once: with the name as its argument it would be for each name.
  return tables === undefined
    ? sql`(select * from pragma_table_list
        where name not like 'sqlite!_%' escape '!' and name not like '!_cf!_%' escape '!') as l`
    : sql`(select * from pragma_table_list
        where lower(name) in (select value from json_each(${namesOf(tables)}))) as l`;
}

function namesOf(tables: readonly NamedTable[]): string {
  return JSON.stringify([...new Set(tables.map(({ name }) => name.toLowerCase()))]);
}

async function relationsOf(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly ListedRelation[]> {
  try {
    const { rows } = await sql<ListedRelation>`
      select l.name as name, l.schema as namespace,
        case when l.type = 'view' then 1 else 0 end as viewed
      from ${listOf(tables)}
      order by case l.schema when 'temp' then 0 when 'main' then 1 else 2 end, l.name`.execute(db);
    return rows;
  } catch (error) {
    if (!/pragma_table_list/.test(String((error as Error).message))) throw error;
    return await relationsOfOld(db, tables);
  }
}

/** Before SQLite 3.37: attached databases are not listed. */
async function relationsOfOld(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly ListedRelation[]> {
  const which = tables === undefined
    ? sql`name not like 'sqlite!_%' escape '!'`
    : sql`lower(name) in (select value from json_each(${namesOf(tables)}))`;
  const { rows } = await sql<ListedRelation>`
    select name, 'temp' as namespace, case when type = 'view' then 1 else 0 end as viewed
    from sqlite_temp_master where type in ('table', 'view') and ${which}
    union all
    select name, 'main', case when type = 'view' then 1 else 0 end
    from sqlite_master where type in ('table', 'view') and ${which}`.execute(db);
  return rows;
}

async function columnsOf(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
  found: readonly ListedRelation[],
): Promise<readonly ListedColumn[]> {
  if (found.length === 0) return [];
  try {
    // Hidden columns of virtual tables are none of `*`; generated ones are.
    const { rows } = await sql<ListedColumn>`
      select l.name as name, l.schema as namespace, x.name as attribute,
        case when x."notnull" = 0 then 1 else 0 end as nullable
      from ${listOf(tables)}, pragma_table_xinfo(l.name, l.schema) as x where x.hidden <> 1
      order by l.schema, l.name, x.cid`.execute(db);
    return rows;
  } catch {
    // A view whose tables are gone has no columns: the others have.
    const rows: ListedColumn[] = [];
    for (const each of found) rows.push(...await columnsOfOne(db, each).catch(() => []));
    return rows;
  }
}

async function columnsOfOne(
  db: Kysely<any>,
  { name, namespace }: ListedRelation,
): Promise<readonly ListedColumn[]> {
  const { rows } = await sql<ListedColumn>`
    select ${name} as name, ${namespace} as namespace, name as attribute,
      case when "notnull" = 0 then 1 else 0 end as nullable
    from pragma_table_xinfo(${name}, ${namespace}) where hidden <> 1 order by cid`.execute(db);
  return rows;
}
