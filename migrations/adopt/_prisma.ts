import { isSha256Of } from "./_checksum.ts";
import type { ForeignEntry, ForeignHistory, ForeignNote } from "./_foreign.ts";
import { timeOf } from "../history/_time.ts";

/**
 * Prisma Migrate adds a row when it begins with a migration, and says in it when the migration is
 * finished, or was rolled back by hand. The checksum is the SHA-256 of the file.
 */
export const prisma: ForeignHistory = {
  tool: "prisma",
  title: "Prisma Migrate",
  table: "_prisma_migrations",
  columns: ["id", "checksum", "finished_at", "migration_name", "rolled_back_at", "started_at"],
  async read({ db, traits, table }) {
    const rows = await db.selectFrom(table).select([
      "migration_name",
      "checksum",
      traits.readTime("finished_at", "utc").as("finished"),
      traits.readTime("rolled_back_at", "utc").as("undone"),
      traits.readTime("started_at", "utc").as("started"),
    ]).orderBy("started_at").orderBy("migration_name").execute();
    const entries = new Map<string, ForeignEntry>();
    const refused: ForeignNote[] = [];
    const notes: ForeignNote[] = [];
    for (const row of rows) {
      const name = String(row["migration_name"]);
      if (row["undone"] !== null) {
        notes.push({ migrationName: name, message: "Prisma has marked it as rolled back" });
      } else if (row["finished"] === null) {
        refused.push({
          migrationName: name,
          message:
            "Prisma began it and it is not finished: complete or undo its changes, and run " +
            `\`prisma migrate resolve --applied ${name}\` or \`--rolled-back ${name}\``,
        });
      } else if (!entries.has(name)) {
        const [started, finished] = [timeOf(row["started"]), timeOf(row["finished"])];
        entries.set(name, {
          name,
          executedAt: finished,
          duration: Math.max(0, finished.getTime() - started.getTime()),
          isOf: isSha256Of(String(row["checksum"])),
        });
      }
    }
    return { entries: [...entries.values()], refused, notes };
  },
};
