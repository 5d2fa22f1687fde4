import type { Kysely } from "kysely";
import type { MigrationList } from "../migration.ts";
import type { MigrationRunnerOptions } from "../options.ts";
import { MigrationRunner } from "./migration_runner.ts";

/**
 * Creates a runner of migrations.
 *
 * @param db the database, or an executor of it: then its plugins see what migrations do
 * @param migrations the migrations
 * @param options how they are run
 * @returns the runner
 * @throws {BadRequestError} if an option is wrong, or `db` is a transaction
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigrationRunner, defineMigrations } from "@kysera/migrations";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const runner = createMigrationRunner(
 *   db,
 *   defineMigrations({
 *     "001_users": {
 *       up: async (db) => {
 *         await db.schema.createTable("users").addColumn("id", "integer").execute();
 *       },
 *       down: async (db) => {
 *         await db.schema.dropTable("users").execute();
 *       },
 *     },
 *   }),
 * );
 * assert.deepEqual((await runner.up()).executed, ["001_users"]);
 * assert.deepEqual((await runner.down()).executed, ["001_users"]);
 * await db.destroy();
 * ```
 */
export function createMigrationRunner(
  db: Kysely<any>,
  migrations: MigrationList,
  options: MigrationRunnerOptions = {},
): MigrationRunner {
  return new MigrationRunner(db, migrations, options);
}
