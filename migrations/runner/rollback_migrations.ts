import type { Kysely } from "kysely";
import type { MigrationList } from "../migration.ts";
import type { MigrationRunnerOptions } from "../options.ts";
import type { MigrationResult } from "../results.ts";
import { MigrationRunner } from "./migration_runner.ts";

/**
 * Undoes the migrations that were applied last.
 *
 * @param db the database, or an executor of it
 * @param migrations the migrations
 * @param steps how many
 * @param options how they are run
 * @returns what was undone
 * @throws {MigrationError} if one fails, or has no `down`
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigration, rollbackMigrations, runMigrations } from "@kysera/migrations";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const users = createMigration("001_users", async (db) => {
 *   await db.schema.createTable("users").addColumn("id", "integer").execute();
 * }, async (db) => {
 *   await db.schema.dropTable("users").execute();
 * });
 * await runMigrations(db, [users]);
 * assert.deepEqual((await rollbackMigrations(db, [users])).executed, ["001_users"]);
 * await db.destroy();
 * ```
 */
export async function rollbackMigrations(
  db: Kysely<any>,
  migrations: MigrationList,
  steps: number = 1,
  options: MigrationRunnerOptions = {},
): Promise<MigrationResult> {
  return await new MigrationRunner(db, migrations, options).down(steps);
}
