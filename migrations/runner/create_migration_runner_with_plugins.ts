import type { Kysely } from "kysely";
import type { MigrationList } from "../migration.ts";
import {
  MigrationRunnerWithPlugins,
  type MigrationRunnerWithPluginsOptions,
} from "./migration_runner_with_plugins.ts";

/**
 * Creates a runner, and tells its plugins of it.
 *
 * @param db the database, or an executor of it
 * @param migrations the migrations
 * @param options how they are run, and who watches
 * @returns the runner
 * @throws {BadRequestError} if an option is wrong, or two plugins have one name
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import {
 *   createMetricsPlugin,
 *   createMigration,
 *   createMigrationRunnerWithPlugins,
 * } from "@kysera/migrations";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const metrics = createMetricsPlugin();
 * const users = createMigration("001_users", async (db) => {
 *   await db.schema.createTable("users").addColumn("id", "integer").execute();
 * });
 * const runner = await createMigrationRunnerWithPlugins(db, [users], { plugins: [metrics] });
 * await runner.up();
 * assert.equal(metrics.getMetrics().migrations[0]?.success, true);
 * await db.destroy();
 * ```
 */
export async function createMigrationRunnerWithPlugins(
  db: Kysely<any>,
  migrations: MigrationList,
  options: MigrationRunnerWithPluginsOptions = {},
): Promise<MigrationRunnerWithPlugins> {
  const runner = new MigrationRunnerWithPlugins(db, migrations, options);
  for (const plugin of runner.getPlugins()) await plugin.onInit?.(runner);
  return runner;
}
