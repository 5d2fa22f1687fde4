import type { Dialect } from "@kysera/core";
import { type Kysely, sql } from "kysely";

/** Returns about how many rows the tables of the default schema have, as far as that is known. */
export async function readSizes(
  db: Kysely<any>,
  dialect: Dialect,
  tables: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (tables.length === 0) return new Map();
  return new Map(await (READERS[dialect] ?? nothing)(db, tables));
}

type ReadSizes = (db: Kysely<any>, tables: readonly string[]) => Promise<[string, number][]>;

const nothing: ReadSizes = () => Promise.resolve([]);

/** What SQLite counts at most: it keeps no number of its rows. */
const MOST = 10_000;

const READERS: Readonly<Partial<Record<Dialect, ReadSizes>>> = {
  postgres: async (db, tables) => {
    const { rows } = await sql<{ name: string; rows: number }>`
      select relname as name, reltuples::float8 as rows from pg_class
      where relnamespace = current_schema()::regnamespace and relname in (${sql.join(tables)})`
      .execute(db);
    // It is -1 for a table that was never analyzed.
    return rows.filter((row) => row.rows >= 0).map((row) => [row.name, Math.round(row.rows)]);
  },
  mysql: async (db, tables) => {
    const { rows } = await sql<{ name: string; count: number | string }>`
      select table_name as name, table_rows as count from information_schema.tables
      where table_schema = database() and table_name in (${sql.join(tables)})`.execute(db);
    return rows.map((row) => [row.name, Number(row.count)]);
  },
  sqlite: async (db, tables) => {
    const sizes: [string, number][] = [];
    for (const table of tables) {
      const { rows } = await sql<{ count: number }>`
        select count(*) as count from (select 1 from ${sql.id(table)} limit ${MOST})`.execute(db);
      sizes.push([table, Number(rows[0]!.count)]);
    }
    return sizes;
  },
};
