import { type Kysely, type RawBuilder, sql } from "kysely";
import type { CatalogReader, CatalogRow, ForeignKeyRow, NamedTable } from "./traits.ts";

/**
 * Reads the catalog of MySQL and MariaDB. A name without a schema is one of the current database.
 * Temporary tables stand in no catalog, and hide a table of their name: they are asked themselves.
 */
async function readMysql(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
  schema?: string,
): Promise<readonly CatalogRow[]> {
  const rows = tables === undefined
    ? await readWhere(db, sql`t.table_schema = coalesce(${schema ?? null}, database())`)
    : [];
  const missing = (): readonly NamedTable[] => {
    const found = new Set(rows.map(({ relation }) => relation.toLowerCase()));
    return (tables ?? []).filter(({ name }) => !found.has(name.toLowerCase()));
  };
  // Names are found at once as they are written, where the file system sees no letter case as well;
  // the others are compared with those of every table.
  for (const asWritten of [true, false]) {
    const names = missing();
    for (let i = 0; i < names.length; i += MOST_NAMES) {
      const named = names.slice(i, i + MOST_NAMES).map(({ name, schema }) =>
        sql`(t.table_schema = coalesce(${schema ?? null}, database()) and ${
          asWritten ? sql`t.table_name = ${name}` : sql`lower(t.table_name) = ${name.toLowerCase()}`
        })`
      );
      rows.push(...await readWhere(db, sql.join(named, sql` or `)));
    }
  }
  for (const table of missing()) rows.push(...await temporary(db, table));
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
      case when c.is_nullable = 'YES' then 1 else 0 end as nullable,
      null as ${sql.id("key")}, 0 as ${sql.id("primary")}, c.ordinal_position as place,
      c.column_type as type, c.collation_name as collation,
      case when coalesce(c.generation_expression, '') <> '' then 1 else 0 end as ${
    sql.id("generated")
  },
      case when c.is_nullable = 'YES' or c.column_default is not null
        or c.extra like '%auto_increment%' or c.extra like '%DEFAULT_GENERATED%'
        or coalesce(c.generation_expression, '') <> '' then 1 else 0 end as ${sql.id("optional")}
    from information_schema.tables t
    left join information_schema.columns c
      on c.table_schema = t.table_schema and c.table_name = t.table_name
    where ${which}
    union all
    select t.table_name, t.table_schema, 0,
      case when t.table_schema = database() then 1 else 0 end,
      s.column_name, case when s.nullable = 'YES' then 1 else 0 end,
      s.index_name, case when s.index_name = 'PRIMARY' then 1 else 0 end, s.seq_in_index,
      null, null, 0, null
    from information_schema.tables t
    join information_schema.statistics s
      on s.table_schema = t.table_schema and s.table_name = t.table_name
    where s.non_unique = 0 and (${which})
    order by 2, 1, 7, 9`.execute(db);
  return rows;
}

async function temporary(db: Kysely<any>, { name, schema }: NamedTable): Promise<CatalogRow[]> {
  const table = schema === undefined ? sql.id(name) : sql.id(schema, name);
  try {
    const { rows } = await sql<
      { Field: string; Null: string; Key: string; Type: string }
    >`show columns from ${table}`
      .execute(db);
    const relation = { relation: name, namespace: schema ?? null, viewed: 0, visible: 1 };
    return rows.flatMap(({ Field, Null, Key, Type }): CatalogRow[] => {
      const column = {
        ...relation,
        attribute: Field,
        nullable: Null === "YES" ? 1 : 0,
        type: Type,
      };
      // `UNI` is the key of one column; of others only the first column is told, as `MUL`.
      if (Key === "PRI") return [column, { ...column, key: "PRIMARY", primary: 1 }];
      return Key === "UNI" ? [column, { ...column, key: Field, primary: 0 }] : [column];
    });
  } catch (error) {
    // ER_NO_SUCH_TABLE, ER_BAD_DB_ERROR: the query itself will say so.
    const { errno } = error as { errno?: unknown };
    if (errno === 1146 || errno === 1049) return [];
    throw error;
  }
}

/** Reads the foreign keys of a database of MySQL and MariaDB, by default the current one. */
async function readForeignKeysOfMysql(
  db: Kysely<any>,
  schema?: string,
): Promise<readonly ForeignKeyRow[]> {
  const which = sql`coalesce(${schema ?? null}, database())`;
  const { rows } = await sql<ForeignKeyRow>`
    select k.table_name as table_name, k.constraint_name as key_name, k.column_name as column_name,
      k.referenced_table_name as referenced_table, k.referenced_column_name as referenced_column,
      lower(r.delete_rule) as on_delete
    from information_schema.key_column_usage k
    join information_schema.referential_constraints r
      on r.constraint_schema = k.constraint_schema and r.constraint_name = k.constraint_name
        and r.table_name = k.table_name
    where k.table_schema = ${which} and k.referenced_table_schema = ${which}
    order by k.table_name, k.constraint_name, k.ordinal_position`.execute(db);
  return rows;
}

/**
 * Returns true where MySQL or MariaDB takes a row without a value that must be given: a server that is
 * not strict stores 0 or an empty text, and a trigger may give the value.
 */
async function fillsMissingOfMysql(
  db: Kysely<any>,
  { name, schema }: NamedTable,
): Promise<boolean> {
  const { rows: [row] } = await sql<{ mode: string; triggers: number }>`
    select @@sql_mode as mode, (select count(*) from information_schema.triggers t
      where t.event_object_schema = coalesce(${schema ?? null}, database())
        and t.event_object_table = ${name} and t.action_timing = 'BEFORE'
        and t.event_manipulation = 'INSERT') as triggers`.execute(db);
  return Number(row?.triggers) > 0 || !/STRICT_(?:TRANS|ALL)_TABLES/.test(String(row?.mode));
}

/** Returns the columns of JSON of MariaDB, which are of type `longtext` and have a check. */
async function jsonColumnsOfMariadb(
  db: Kysely<any>,
  { name, schema }: NamedTable,
): Promise<readonly string[]> {
  try {
    const { rows } = await sql<{ clause: string }>`
      select c.check_clause as clause from information_schema.check_constraints c
      where c.constraint_schema = coalesce(${schema ?? null}, database())
        and c.table_name = ${name}`.execute(db);
    return rows.flatMap(({ clause }) => /^json_valid\(`([^`]+)`\)$/i.exec(clause)?.[1] ?? []);
  } catch (error) {
    // ER_BAD_FIELD_ERROR: MySQL does not tell the table, and has a type for JSON.
    if ((error as { errno?: unknown }).errno === 1054) return [];
    throw error;
  }
}

/** Reads MySQL's and MariaDB's catalog. */
export const READER: CatalogReader = {
  readRelations: readMysql,
  readForeignKeys: readForeignKeysOfMysql,
  fillsMissing: fillsMissingOfMysql,
  readJsonColumns: jsonColumnsOfMariadb,
};
