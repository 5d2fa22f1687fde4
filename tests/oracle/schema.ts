/**
 * The tables that the oracle's queries are about. They all have the same columns, so that any of
 * them fits anywhere; they differ in whether rows are hidden and whether the id is a key.
 */
import fc from "fast-check";
import { sql } from "kysely";
import type { Kysely } from "kysely";
import type { Column } from "./ast.ts";

export interface Table {
  readonly name: string;
  /** Whether rows with a `deleted_at` are hidden by the plugin under test. */
  readonly filtered: boolean;
  /** Whether the id is the primary key. */
  readonly keyed: boolean;
}

/** `notes` and `tags` are not filtered, though their rows have a `deleted_at` like all others. */
export const tables: readonly Table[] = [
  { name: "users", filtered: true, keyed: true },
  { name: "blog_posts", filtered: true, keyed: true },
  { name: "notes", filtered: false, keyed: true },
  { name: "events", filtered: true, keyed: false },
  { name: "tags", filtered: false, keyed: false },
];

/** The names that the plugin under test is told of. */
export const filteredNames: readonly string[] = tables.filter((t) => t.filtered).map((t) => t.name);

export const columns: readonly Column[] = [
  { name: "id", type: "int" },
  { name: "team_id", type: "int" },
  { name: "score", type: "int" },
  { name: "name", type: "text" },
  { name: "deleted_at", type: "stamp" },
];

export const stamps: readonly string[] = ["2020-01-01 00:00:00", "2024-06-01 12:30:00"];

export interface Row {
  id: number;
  team_id: number | null;
  score: number | null;
  name: string | null;
  deleted_at: string | null;
}

/** The rows of each table, hidden ones included. */
export type Data = Record<string, Row[]>;

/** Which rows of a filtered table are hidden. */
export type Hides = (row: Row) => boolean;

const hasStamp: Hides = (row) => row.deleted_at !== null;

export function isHidden(table: string, row: Row, hides: Hides = hasStamp): boolean {
  return filteredNames.includes(table) && hides(row);
}

/** The ids of a table that belong to hidden rows. */
export function hiddenIds(data: Data, table: string, hides?: Hides): ReadonlySet<number> {
  return new Set(data[table]!.filter((row) => isHidden(table, row, hides)).map((row) => row.id));
}

const small = fc.option(fc.integer({ min: 0, max: 5 }), { freq: 6 });

function rows(table: Table): fc.Arbitrary<Row[]> {
  const row = fc.record({
    id: fc.integer({ min: 1, max: 12 }),
    team_id: small,
    score: small,
    name: fc.option(fc.constantFrom("a", "b", "ab", "ba", "c"), { freq: 6 }),
    deleted_at: fc.option(fc.constantFrom(...stamps), { freq: 2 }),
  });
  const limits = { minLength: 2, maxLength: 6, size: "max" } as const;
  return table.keyed
    ? fc.uniqueArray(row, { ...limits, selector: (r) => r.id })
    : fc.array(row, limits);
}

/** Random rows for every table. */
export const data: fc.Arbitrary<Data> = fc.record(
  Object.fromEntries(tables.map((table) => [table.name, rows(table)])),
);

export async function createTables(db: Kysely<any>, dialect: string): Promise<void> {
  for (const table of tables) {
    const text = dialect === "mysql"
      ? sql`varchar(20) character set utf8mb4 collate utf8mb4_bin`
      : sql`text`;
    const stamp = { mysql: sql`datetime`, postgres: sql`timestamp`, sqlite: sql`text` }[dialect]!;
    await db.schema.createTable(table.name)
      .addColumn("id", "integer", (c) => table.keyed ? c.notNull().primaryKey() : c)
      .addColumn("team_id", "integer")
      .addColumn("score", "integer")
      .addColumn("name", text)
      .addColumn("deleted_at", stamp)
      .execute();
  }
}

/** Replaces the contents of all tables. */
export async function load(
  db: Kysely<any>,
  data: Data,
  visibleOnly: boolean,
  hides?: Hides,
): Promise<void> {
  for (const { name } of tables) {
    await db.deleteFrom(name).execute();
    const rows = data[name]!.filter((row) => !visibleOnly || !isHidden(name, row, hides));
    if (rows.length > 0) await db.insertInto(name).values(rows).execute();
  }
}
