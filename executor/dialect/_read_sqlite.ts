import { UnsupportedDatabaseError } from "@kysera/core";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { CatalogReader, CatalogRow, ForeignKeyRow, NamedTable } from "./traits.ts";

/**
 * Reads SQLite's catalog: of the main database, of temporary and of attached ones. A name without a
 * schema is looked for among the temporary ones first.
 *
 * @see https://www.sqlite.org/lang_naming.html
 */
async function readSqlite(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly CatalogRow[]> {
  const seen = new Set<string>();
  const rows: CatalogRow[] = [];
  for (const { relation: found, columns: own } of await listed(db, tables)) {
    const { name, namespace, viewed, keyed, virtual } = found;
    const folded = name.toLowerCase();
    const relation = {
      relation: name,
      namespace,
      viewed,
      visible: seen.has(folded) ? 0 : 1,
      rowid: viewed === 1 || keyed === 1 ? null : rowIdBeside(own),
      hiding: virtual,
    };
    seen.add(folded);
    rows.push({ ...relation, attribute: null, nullable: null });
    const primary = own.filter(({ pk, key }) => key === null && pk > 0)
      .sort((a, b) => a.pk - b.pk);
    for (const column of own) {
      const { attribute, nullable, key, type, generated, defaulted } = column;
      // The rowid by another name is given where it is missing.
      const isRowId = primary.length === 1 && column === primary[0] && keyed !== 1 &&
        type?.toLowerCase() === "integer";
      const optional = nullable === 1 || generated === 1 || defaulted === 1 || isRowId ? 1 : 0;
      rows.push({ ...relation, attribute, nullable, key, primary: 0, type, generated, optional });
    }
    for (const { attribute, nullable } of primary) {
      rows.push({ ...relation, attribute, nullable, key: "primary key", primary: 1 });
    }
  }
  return rows;
}

/**
 * Returns the name of a table's rowid that no column of it hides.
 *
 * @see https://www.sqlite.org/rowidtable.html
 */
function rowIdBeside(columns: readonly ListedColumn[]): string | null {
  const taken = new Set(columns.map(({ attribute }) => attribute?.toLowerCase()));
  return ["rowid", "_rowid_", "oid"].find((name) => !taken.has(name)) ?? null;
}

interface ListedRelation {
  readonly name: string;
  readonly namespace: string;
  readonly viewed: number;
  /** 1 for a table WITHOUT ROWID. */
  readonly keyed: number;
  /** 1 for a virtual table. */
  readonly virtual: number;
}

interface ListedColumn {
  readonly name: string;
  readonly namespace: string;
  /** `null` for an expression of an index. */
  readonly attribute: string | null;
  readonly nullable: number;
  /** The place in the primary key, from 1 on; 0 outside it. */
  readonly pk: number;
  /** The unique index that the column is a part of, in rows that tell keys. */
  readonly key: string | null;
  readonly type: string | null;
  /** 1 where it is computed. */
  readonly generated: number;
  /** 1 where it has a default. */
  readonly defaulted: number;
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

/** As a name without a schema is looked for. */
const inOrder =
  sql`order by case l.schema when 'temp' then 0 when 'main' then 1 else 2 end, l.name`;

async function relationsOf(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly ListedRelation[]> {
  try {
    const { rows } = await sql<ListedRelation>`
      select l.name as name, l.schema as namespace,
        case when l.type = 'view' then 1 else 0 end as viewed, l.wr as keyed,
        case when l.type = 'virtual' then 1 else 0 end as virtual
      from ${listOf(tables)} ${inOrder}`.execute(db);
    return rows;
  } catch (error) {
    if (!/no such table.*pragma_table_list/.test(String((error as Error).message))) throw error;
    throw await unsupported(db);
  }
}

/** The oldest SQLite that is supported: it lists tables by a function since. */
const OLDEST = "3.37";

async function unsupported(db: Kysely<any>): Promise<UnsupportedDatabaseError> {
  const { rows } = await sql<{ version: string }>`select sqlite_version() as version`.execute(db);
  return new UnsupportedDatabaseError("SQLite", rows[0]?.version, OLDEST);
}

/** A relation with its columns. */
interface Listed {
  readonly relation: ListedRelation;
  readonly columns: readonly ListedColumn[];
}

/** The columns of a relation, and those of its unique indexes, as JSON: a row for each is slow. */
interface Gathered extends ListedRelation {
  readonly columns: string;
  readonly uniques: string;
}

async function listed(
  db: Kysely<any>,
  tables: readonly NamedTable[] | undefined,
): Promise<readonly Listed[]> {
  try {
    // Hidden columns of virtual tables are none of `*`; generated ones are.
    const { rows } = await sql<Gathered>`
      select l.name as name, l.schema as namespace,
        case when l.type = 'view' then 1 else 0 end as viewed, l.wr as keyed,
        case when l.type = 'virtual' then 1 else 0 end as virtual,
        (select json_group_array(json_array(x.name, x."notnull", x.pk, x.type,
            x.hidden in (2, 3), x.dflt_value is not null))
          from pragma_table_xinfo(l.name, l.schema) as x where x.hidden <> 1) as columns,
        (select json_group_array(json_array(i.name, c.name, x."notnull"))
          from pragma_index_list(l.name, l.schema) as i, pragma_index_info(i.name, l.schema) as c
            left join pragma_table_xinfo(l.name, l.schema) as x on x.cid = c.cid
          where i."unique" = 1 and i.partial = 0 and i.origin <> 'pk') as uniques
      from ${listOf(tables)} ${inOrder}`.execute(db);
    return rows.map(gathered);
  } catch {
    // A view whose tables are gone has no columns: the others have.
    const out: Listed[] = [];
    for (const relation of await relationsOf(db, tables)) {
      out.push({ relation, columns: await columnsOfOne(db, relation).catch(() => []) });
    }
    return out;
  }
}

function gathered(relation: Gathered): Listed {
  const { name, namespace } = relation;
  type Column = [string, number, number, string, number, number];
  type Part = [key: string, attribute: string | null, isNotNull: number | null];
  // SQLite has made them.
  const columns = JSON.parse(relation.columns) as Column[];
  const parts = JSON.parse(relation.uniques) as Part[];
  // Those of one index stay in its order.
  parts.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return {
    relation,
    columns: [
      ...columns.map(([attribute, isNotNull, pk, type, generated, defaulted]): ListedColumn => ({
        name,
        namespace,
        attribute,
        nullable: isNotNull === 0 ? 1 : 0,
        pk,
        key: null,
        type,
        generated,
        defaulted,
      })),
      ...parts.map(([key, attribute, isNotNull]): ListedColumn => ({
        name,
        namespace,
        attribute,
        nullable: isNotNull === 1 ? 0 : 1,
        pk: 0,
        key,
        type: null,
        generated: 0,
        defaulted: 0,
      })),
    ],
  };
}

async function columnsOfOne(
  db: Kysely<any>,
  { name, namespace }: ListedRelation,
): Promise<readonly ListedColumn[]> {
  const { rows } = await sql<ListedColumn>`
    select ${name} as name, ${namespace} as namespace, name as attribute,
      case when "notnull" = 0 then 1 else 0 end as nullable, pk, null as key, type,
      case when hidden in (2, 3) then 1 else 0 end as generated,
      case when dflt_value is null then 0 else 1 end as defaulted
    from pragma_table_xinfo(${name}, ${namespace}) where hidden <> 1 order by cid`.execute(db);
  return rows;
}

/** Reads the foreign keys of the main database of SQLite. */
async function readForeignKeysOfSqlite(db: Kysely<any>): Promise<readonly ForeignKeyRow[]> {
  const { rows } = await sql<ForeignKeyRow>`
    select m.name as table_name, f.id as key_name, f."from" as column_name,
      f."table" as referenced_table, f."to" as referenced_column, lower(f.on_delete) as on_delete
    from (select name from sqlite_master
      where type = 'table' and name not like '!_cf!_%' escape '!') as m,
      pragma_foreign_key_list(m.name) as f
    order by m.name, f.id, f.seq`.execute(db);
  return rows;
}

/** Reads SQLite's catalog. */
export const READER: CatalogReader = {
  readRelations: readSqlite,
  readForeignKeys: readForeignKeysOfSqlite,
};
