import type { Kysely } from "kysely";

/** A migration that another runner has applied. */
export interface LegacyEntry {
  readonly name: string;
  readonly executedAt: Date;
}

/** The table in which another runner keeps its history. */
export interface LegacyHistory {
  /** Whose it is, for messages. */
  readonly runner: string;
  readonly table: string;
  /** Its columns: a table of the same name with others is somebody else's. */
  readonly columns: readonly string[];
  /** Reads it, in the order in which the migrations were applied. */
  read(db: Kysely<any>): Promise<LegacyEntry[]>;
}

/** Histories that are taken over when the runner's own tables are created. */
export const legacyHistories: readonly LegacyHistory[] = [
  {
    runner: "Kysely's Migrator",
    table: "kysely_migration",
    columns: ["name", "timestamp"],
    read: (db) => read(db, "kysely_migration", "timestamp", ["timestamp", "name"]),
  },
  {
    runner: "@kysera/migrations up to 0.8",
    table: "migrations",
    columns: ["name", "executed_at"],
    read: (db) => read(db, "migrations", "executed_at", ["executed_at", "name"]),
  },
  {
    runner: "@kysera/cli up to 0.8",
    table: "kysera_migrations",
    columns: ["id", "name", "timestamp", "executed_at", "batch"],
    read: (db) => read(db, "kysera_migrations", "executed_at", ["id"]),
  },
];

async function read(
  db: Kysely<any>,
  table: string,
  time: string,
  order: readonly string[],
): Promise<LegacyEntry[]> {
  let query = db.selectFrom(table).select(["name", time]);
  for (const column of order) query = query.orderBy(column);
  const rows = await query.execute();
  return rows.map((row) => ({ name: String(row["name"]), executedAt: timeOf(row[time]) }));
}

/** A time as drivers give it; the time of taking over where it is none. */
function timeOf(value: unknown): Date {
  if (value instanceof Date) return value;
  // SQLite writes UTC without saying so.
  const text = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/.test(String(value))
    ? `${String(value).replace(" ", "T")}Z`
    : String(value);
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? new Date() : time;
}
