import { createMigrationRunner } from "@kysera/migrations";
import { folderOfMigrations } from "@kysera/migrations/files";
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

/** Creates the runner of the migrations in the folder `migrations`. */
export function migrationsOf(db: Kysely<Database>) {
  // `kysera.lock` makes two branches that both add migrations conflict in git, not in production.
  const folder = folderOfMigrations(new URL("../migrations/", import.meta.url), {
    lock: "required",
  });
  return createMigrationRunner(db, folder);
}

/** Applies the migrations that are pending. Several processes may do so at once: one does the work. */
export async function migrate(db: Kysely<Database>): Promise<void> {
  await migrationsOf(db).up();
}
