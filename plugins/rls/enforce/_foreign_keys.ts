import type { DialectName } from "@kysera/executor";
import { type Kysely, type RawBuilder, sql } from "kysely";

/** A foreign key, as the catalog has it. */
export interface ForeignKey {
  readonly table: string;
  readonly schema: string;
  /** Whether the name of the table alone finds it. */
  readonly isVisible: boolean;
  readonly columns: readonly string[];
  readonly otherTable: string;
  readonly otherSchema: string;
  readonly isOtherVisible: boolean;
  readonly otherColumns: readonly string[];
}

/** A column of a foreign key; in the order of its place in the key. */
interface KeyPart {
  readonly id: string | number;
  readonly relation: string;
  readonly namespace: string;
  readonly visible: number | string;
  readonly attribute: string;
  readonly target: string;
  readonly target_namespace: string;
  readonly target_visible: number | string;
  readonly target_attribute: string;
}

const KEYS: Readonly<Record<DialectName, RawBuilder<KeyPart> | undefined>> = {
  postgres: sql<KeyPart>`
    select f.oid::text as id, c.relname::text as relation, n.nspname::text as namespace,
      case when pg_catalog.pg_table_is_visible(c.oid) then 1 else 0 end as visible,
      a.attname::text as attribute, d.relname::text as target,
      m.nspname::text as target_namespace,
      case when pg_catalog.pg_table_is_visible(d.oid) then 1 else 0 end as target_visible,
      b.attname::text as target_attribute
    from pg_catalog.pg_constraint f
    join pg_catalog.pg_class c on c.oid = f.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class d on d.oid = f.confrelid
    join pg_catalog.pg_namespace m on m.oid = d.relnamespace
    cross join lateral unnest(f.conkey, f.confkey) with ordinality as k(own, other, place)
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.own
    join pg_catalog.pg_attribute b on b.attrelid = d.oid and b.attnum = k.other
    where f.contype = 'f' and f.conparentid = 0
    order by f.oid, k.place`,
  mysql: sql<KeyPart>`
    select concat(constraint_schema, '.', table_name, '.', constraint_name) as id,
      table_name as relation, table_schema as namespace, 1 as visible, column_name as attribute,
      referenced_table_name as target, referenced_table_schema as target_namespace,
      case when referenced_table_schema = database() then 1 else 0 end as target_visible,
      referenced_column_name as target_attribute
    from information_schema.key_column_usage
    where referenced_table_name is not null and table_schema = database()
    order by 1, ordinal_position`,
  // A key that names no columns is to the primary key.
  sqlite: sql<KeyPart>`
    select t.name || '.' || f.id as id, t.name as relation, 'main' as namespace, 1 as visible,
      f."from" as attribute, d.name as target, 'main' as target_namespace, 1 as target_visible,
      coalesce(f."to", (select p.name from pragma_table_info(d.name) as p where p.pk = f.seq + 1))
        as target_attribute
    from (select * from sqlite_master where name not like '!_cf!_%' escape '!') as t,
      pragma_foreign_key_list(t.name) as f
    join sqlite_master as d on d.type = 'table' and lower(d.name) = lower(f."table")
    where t.type = 'table'
    order by t.name, f.id, f.seq`,
  mssql: undefined,
};

/** Reads the foreign keys of a database; of SQLite those of the main one, of MySQL the current one. */
export async function readForeignKeys(
  db: Kysely<any>,
  dialect: DialectName,
): Promise<readonly ForeignKey[]> {
  const query = KEYS[dialect];
  if (query === undefined) return [];
  const { rows } = await query.execute(db);
  const keys = new Map<string | number, KeyPart[]>();
  for (const row of rows) keys.set(row.id, [...keys.get(row.id) ?? [], row]);
  return [...keys.values()].map((parts) => {
    const [first] = parts as [KeyPart];
    return {
      table: first.relation,
      schema: first.namespace,
      isVisible: Number(first.visible) === 1,
      columns: parts.map(({ attribute }) => attribute),
      otherTable: first.target,
      otherSchema: first.target_namespace,
      isOtherVisible: Number(first.target_visible) === 1,
      otherColumns: parts.map(({ target_attribute }) => target_attribute),
    };
  });
}
