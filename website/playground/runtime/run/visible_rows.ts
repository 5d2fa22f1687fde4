import { findKey } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import { jsonText } from "./shown.ts";

type Row = Readonly<Record<string, unknown>>;

/** The rows of a table, and which of them a principal sees. */
export interface TableRows {
  readonly table: string;
  /** The columns of its key. */
  readonly key: readonly string[];
  readonly all: readonly Row[];
  /** The rows that the principal sees, with masked columns as the principal sees them. */
  readonly visible: readonly Row[];
}

/** Returns the names of the tables of a database. */
export async function tablesOf(db: Kysely<any>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables();
  return tables.filter(({ isView }) => !isView).map(({ name }) => name);
}

/**
 * Reads all rows of tables, and the rows that a principal sees.
 *
 * @param db the database without plugins
 * @param instance the executor instance of the principal
 * @param tables the tables
 * @throws {Error} if a table has no key by which its rows can be told apart
 */
export async function readTables(
  db: Kysely<any>,
  instance: Kysely<any>,
  tables: readonly string[],
): Promise<readonly TableRows[]> {
  const found: TableRows[] = [];
  for (const table of tables) {
    const invalid = (problem: string) => new Error(problem);
    const { columns: key, isUnique } = await findKey(db, { table, invalid });
    if (!isUnique) throw new Error(`table "${table}" has no primary key`);
    const all: Row[] = await db.selectFrom(table).selectAll().execute();
    found.push({ table, key, all, visible: await visibleOf(instance, table) });
  }
  return found;
}

/** A table that the principal may not read at all has no visible rows. */
async function visibleOf(
  instance: Kysely<any>,
  table: string,
): Promise<readonly Row[]> {
  try {
    return await instance.selectFrom(table).selectAll().execute();
  } catch {
    return [];
  }
}

/** Returns the rows that the principal does not see, by table and key. */
export function hiddenRows(
  tables: readonly TableRows[],
): ReadonlyMap<string, string> {
  const hidden = new Map<string, string>();
  for (const { table, key, all, visible } of tables) {
    const seen = new Set(visible.map((row) => keyText(row, key)));
    for (const row of all) {
      const id = keyText(row, key);
      if (!seen.has(id)) hidden.set(`${table} ${id}`, jsonText(row));
    }
  }
  return hidden;
}

/** Returns all rows, by table and key. */
export function allRows(
  tables: readonly TableRows[],
): ReadonlyMap<string, string> {
  return new Map(
    tables.flatMap(({ table, key, all }) =>
      all.map((row) => [`${table} ${keyText(row, key)}`, jsonText(row)] as const)
    ),
  );
}

/**
 * Deletes what a principal does not see from a database, and writes what is seen in the place of
 * masked columns.
 *
 * @param db the database without plugins
 * @param tables what {@linkcode readTables} read of it
 * @param engine the name of the database
 */
export async function keepVisible(
  db: Kysely<any>,
  tables: readonly TableRows[],
  engine: "sqlite" | "postgres",
): Promise<void> {
  // Rows may refer to rows that are not there any more.
  await (engine === "sqlite"
    ? sql`pragma foreign_keys = off`
    : sql`set session_replication_role = replica`).execute(db);
  for (const { table, key, all, visible } of tables) {
    const seen = new Map(visible.map((row) => [keyText(row, key), row]));
    for (const row of all) {
      const shown = seen.get(keyText(row, key));
      const where = Object.fromEntries(
        key.map((column) => [column, row[column]]),
      );
      const isThis = (eb: any) => eb.and(where);
      if (shown === undefined) {
        await db.deleteFrom(table).where(isThis).execute();
        continue;
      }
      const masked = Object.entries(shown).filter(([column, value]) =>
        jsonText(value) !== jsonText(row[column])
      );
      if (masked.length === 0) continue;
      await db.updateTable(table).set(Object.fromEntries(masked)).where(isThis)
        .execute();
    }
  }
  if (engine === "postgres") {
    await sql`set session_replication_role = origin`.execute(db);
  }
}

function keyText(row: Row, key: readonly string[]): string {
  return jsonText(key.map((column) => row[column]));
}
