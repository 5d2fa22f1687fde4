import type { Kysely } from "kysely";
import type { MigrationRunnerOptions } from "../options.ts";
import { MigrationRunner } from "./migration_runner.ts";

/**
 * Creates the tables of the history, and takes another runner's history over. Runners do it by
 * themselves; this is for those who may not create tables later. What is there is left as it is.
 *
 * @param db the database, or an executor of it
 * @param options where the history is to be
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { setupMigrations } from "@kysera/migrations";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await setupMigrations(db);
 * await setupMigrations(db);
 * await db.destroy();
 * ```
 */
export async function setupMigrations(
  db: Kysely<any>,
  options: MigrationRunnerOptions = {},
): Promise<void> {
  await new MigrationRunner(db, [], options).setup();
}
