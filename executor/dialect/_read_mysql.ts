import { type Kysely, type RawBuilder, sql } from "kysely";
import type { CatalogRow, NamedTable } from "./traits.ts";

/**
 * Reads the catalog of MySQL and MariaDB. A name without a schema is one of the current database.
 * Temporary tables stand in no catalog, and hide a table of their name: they are asked themselves.
 */
export async function readMysql(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly CatalogRow[]> {
  const rows = tables === undefined ? await readWhere(db, sql`t.table_schema = database()`) : [];
  for (let i = 0; tables !== undefined && i < tables.length; i += MOST_NAMES) {
    const named = tables.slice(i, i + MOST_NAMES).map(({ name, schema }) =>
      sql`(t.table_schema = coalesce(${schema ?? null}, database()) and t.table_name = ${name})`
    );
    rows.push(...await readWhere(db, sql.join(named, sql` or `)));
  }
  const found = new Set(rows.map(({ relation }) => relation.toLowerCase()));
  const missing = (tables ?? []).filter(({ name }) => !found.has(name.toLowerCase()));
  for (const table of missing) rows.push(...await temporary(db, table));
  return rows;
}

/** How many tables one statement asks about: the parameters of a statement are bounded. */
const MOST_NAMES = 500;

async function readWhere(db: Kysely<any>, which: RawBuilder<unknown>): Promise<CatalogRow[]> {
  const { rows } = await sql<CatalogRow>`
    select t.table_name as relation, t.table_schema as namespace,
      case when t.table_type like '%VIEW%' then 1 else 0 end as viewed,
      case when t.table_schema = database() then 1 else 0 end as visible,
      c.column_name as attribute,
      case when c.is_nullable = 'YES' then 1 else 0 end as nullable
    from information_schema.tables t
    left join information_schema.columns c
      on c.table_schema = t.table_schema and c.table_name = t.table_name
    where ${which}
    order by t.table_schema, t.table_name, c.ordinal_position`.execute(db);
  return rows;
}

async function temporary(db: Kysely<any>, { name, schema }: NamedTable): Promise<CatalogRow[]> {
  const table = schema === undefined ? sql.id(name) : sql.id(schema, name);
  try {
    const { rows } = await sql<{ Field: string; Null: string }>`show columns from ${table}`
      .execute(db);
    return rows.map(({ Field, Null }) => ({
      relation: name,
      namespace: schema ?? null,
      viewed: 0,
      visible: 1,
      attribute: Field,
      nullable: Null === "YES" ? 1 : 0,
    }));
  } catch (error) {
    // ER_NO_SUCH_TABLE, ER_BAD_DB_ERROR: the query itself will say so.
    const { errno } = error as { errno?: unknown };
    if (errno === 1146 || errno === 1049) return [];
    throw error;
  }
}
