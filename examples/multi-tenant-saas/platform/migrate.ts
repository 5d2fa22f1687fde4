import { createMigrationRunner, migrateEach, type MigrationTarget } from "@kysera/migrations";
import { folderOfMigrations } from "@kysera/migrations/files";
import type { Kysely } from "kysely";

/** The folder of the migrations of what all organisations share. */
export const CONTROL_FOLDER: URL = new URL("../migrations/control/", import.meta.url);
/** The folder of the migrations of an organisation's tables: the same in every tenancy. */
export const TENANT_FOLDER: URL = new URL("../migrations/tenant/", import.meta.url);

const folder = (url: URL) => folderOfMigrations(url, { lock: "required" });

/** Migrates what all organisations share. */
export async function migrateControl(control: Kysely<any>, schema?: string): Promise<void> {
  await createMigrationRunner(
    control,
    folder(CONTROL_FOLDER),
    schema === undefined ? {} : { schema },
  )
    .up();
}

/**
 * Migrates the tables of organisations, some at once.
 *
 * @throws {AggregateError} with the failures, when all were tried
 */
export async function migrateTenants(targets: readonly MigrationTarget[]): Promise<void> {
  const results = await migrateEach(targets, folder(TENANT_FOLDER), { concurrency: 4 });
  const failed = results.filter(({ state }) => state === "failed");
  if (failed.length === 0) return;
  throw new AggregateError(
    failed.map(({ error }) => error),
    `Cannot migrate ${failed.length} of ${results.length}: ${
      failed.map(({ name }) => name).join(", ")
    }`,
  );
}
