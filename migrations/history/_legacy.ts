import type { Kysely } from "kysely";
import { timeOf } from "./_time.ts";

/** A migration that another runner has applied. */
export interface LegacyEntry {
  readonly name: string;
  readonly executedAt: Date;
}

/** The table in which another runner keeps its history. */
export interface LegacyHistory {
  readonly tool: "kysely" | "kysera" | "kysera-cli";
  /** Whose it is, for messages. */
  readonly runner: string;
  readonly table: string;
  /** Its columns: a table of the same name with others is somebody else's. */
  readonly columns: readonly string[];
  /** The column that says when a migration was applied. */
  readonly time: string;
  /** The columns that say the order in which they were. */
  readonly order: readonly string[];
}

/** Histories that are taken over when the runner's own tables are created. */
export const legacyHistories: readonly LegacyHistory[] = [
  {
    tool: "kysely",
    runner: "Kysely's Migrator",
    table: "kysely_migration",
    columns: ["name", "timestamp"],
    time: "timestamp",
    order: ["timestamp", "name"],
  },
  {
    tool: "kysera",
    runner: "@kysera/migrations up to 0.8",
    table: "migrations",
    columns: ["name", "executed_at"],
    time: "executed_at",
    order: ["executed_at", "name"],
  },
  {
    tool: "kysera-cli",
    runner: "@kysera/cli up to 0.8",
    table: "kysera_migrations",
    columns: ["id", "name", "timestamp", "executed_at", "batch"],
    time: "executed_at",
    order: ["id"],
  },
];

/** Reads a history, in the order in which the migrations were applied. */
export async function readLegacyTable(
  db: Kysely<any>,
  { time, order, table: usual }: LegacyHistory,
  table: string = usual,
): Promise<LegacyEntry[]> {
  let query = db.selectFrom(table).select(["name", time]);
  for (const column of order) query = query.orderBy(column);
  const rows = await query.execute();
  return rows.map((row) => ({ name: String(row["name"]), executedAt: timeOf(row[time]) }));
}
