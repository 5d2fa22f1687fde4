import { createMigrationRunner } from "@kysera/migrations";
import { folderOfMigrations } from "@kysera/migrations/files";
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

/** Applies the migrations that are pending. Several processes may do so at once: one does the work. */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const folder = folderOfMigrations(new URL("../migrations/", import.meta.url));
  await createMigrationRunner(db, folder).up();
}
