import type { Kysely } from "kysely";
import type { MigrationList } from "../migration.ts";
import type { MigrationRunnerOptions } from "../options.ts";
import type { MigrationResult } from "../results.ts";
import { MigrationRunner } from "./migration_runner.ts";

/**
 * Applies every migration that is not applied.
 *
 * @param db the database, or an executor of it
 * @param migrations the migrations
 * @param options how they are run
 * @returns what was applied
 * @throws {MigrationError} if one fails
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigration, runMigrations } from "@kysera/migrations";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const users = createMigration("001_users", async (db) => {
 *   await db.schema.createTable("users").addColumn("id", "integer").execute();
 * });
 * assert.deepEqual((await runMigrations(db, [users])).executed, ["001_users"]);
 * assert.deepEqual((await runMigrations(db, [users])).executed, []);
 * await db.destroy();
 * ```
 */
export async function runMigrations(
  db: Kysely<any>,
  migrations: MigrationList,
  options: MigrationRunnerOptions = {},
): Promise<MigrationResult> {
  return await new MigrationRunner(db, migrations, options).up();
}
