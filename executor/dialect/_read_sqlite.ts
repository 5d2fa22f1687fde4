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
  const list = await listed(db, tables);
  const seen = new Set<string>();
  const rows: CatalogRow[] = [];
  for (const { name, namespace, viewed } of list) {
    const key = name.toLowerCase();
    const relation = { relation: name, namespace, viewed, visible: seen.has(key) ? 0 : 1 };
    seen.add(key);
    rows.push({ ...relation, attribute: null, nullable: null });
  }
  const byName = new Map(rows.map((row) => [`${row.namespace}\0${row.relation}`, row]));
  for (const { name, namespace, attribute, nullable } of await columnsOf(db, list)) {
    rows.push({ ...byName.get(`${namespace}\0${name}`)!, attribute, nullable });
  }
  return rows;
}

interface Listed {
  readonly name: string;
  readonly namespace: string;
  readonly viewed: number;
}

async function listed(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly Listed[]> {
  const which = (name: RawBuilder<unknown>): RawBuilder<unknown> =>
    tables === undefined
      // Cloudflare's own tables may not be read.
      ? sql`${name} not like 'sqlite!_%' escape '!' and ${name} not like '!_cf!_%' escape '!'`
      : sql`lower(${name}) in (${sql.join(tables.map(({ name }) => name.toLowerCase()))})`;
  try {
    const { rows } = await sql<Listed>`
      select l.name as name, l.schema as namespace,
        case when l.type = 'view' then 1 else 0 end as viewed
      from pragma_table_list as l where ${which(sql.ref("l.name"))}
      order by case l.schema when 'temp' then 0 when 'main' then 1 else 2 end, l.name`.execute(db);
    return rows;
  } catch (error) {
    if (!/pragma_table_list/.test(String((error as Error).message))) throw error;
    // Before SQLite 3.37: attached databases are not listed.
    const { rows } = await sql<Listed>`
      select name, 'temp' as namespace, case when type = 'view' then 1 else 0 end as viewed
      from sqlite_temp_master where type in ('table', 'view') and ${which(sql.ref("name"))}
      union all
      select name, 'main', case when type = 'view' then 1 else 0 end
      from sqlite_master where type in ('table', 'view') and ${which(sql.ref("name"))}`
      .execute(db);
    return rows;
  }
}

interface ListedColumn {
  readonly name: string;
  readonly namespace: string;
  readonly attribute: string;
  readonly nullable: number;
}

/** More of them at once would be a compound SELECT of more terms than SQLite takes. */
const MOST_TERMS = 200;

async function columnsOf(
  db: Kysely<any>,
  list: readonly Listed[],
): Promise<readonly ListedColumn[]> {
  const rows: ListedColumn[] = [];
  for (let i = 0; i < list.length; i += MOST_TERMS) {
    const terms = list.slice(i, i + MOST_TERMS);
    try {
      rows.push(...await columnsOfAll(db, terms));
    } catch {
      // A view whose tables are gone has no columns: the others have.
      for (const term of terms) rows.push(...await columnsOfAll(db, [term]).catch(() => []));
    }
  }
  return rows;
}

async function columnsOfAll(
  db: Kysely<any>,
  list: readonly Listed[],
): Promise<readonly ListedColumn[]> {
  // Hidden columns of virtual tables are none of `*`; generated ones are.
  const terms = list.map(({ name, namespace }) =>
    sql`select ${name} as name, ${namespace} as namespace, name as attribute,
      case when "notnull" = 0 then 1 else 0 end as nullable, cid
      from pragma_table_xinfo(${name}, ${namespace}) where hidden <> 1`
  );
  const { rows } = await sql<ListedColumn>`
    select name, namespace, attribute, nullable from (${sql.join(terms, sql` union all `)})
    order by namespace, name, cid`.execute(db);
  return rows;
}
