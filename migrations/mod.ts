/**
 * Migrations that are safe to run twice, at once, halfway, and dry.
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
 * const migrations = defineMigrations({
 *   "001_users": {
 *     up: async (db) => {
 *       await db.schema.createTable("users").addColumn("id", "integer").execute();
 *     },
 *   },
 * });
 *
 * const planned = await createMigrationRunner(db, migrations, { dryRun: true }).up();
 * assert.deepEqual(planned.plan?.[0]?.statements, [
 *   { sql: 'create table "users" ("id" integer)', parameters: [] },
 * ]);
 *
 * const { executed } = await createMigrationRunner(db, migrations).up();
 * assert.deepEqual(executed, ["001_users"]);
 * await db.destroy();
 * ```
 *
 * @module
 */
export type * from "./adopt.ts";
export type * from "./batch.ts";
export * from "./batches.ts";
export * from "./create_migration.ts";
export * from "./create_migration_with_meta.ts";
export * from "./create_sql_migration.ts";
export * from "./define_migrations.ts";
export * from "./errors.ts";
export * from "./expand/expand_and_contract.ts";
export { irreversible } from "./irreversible.ts";
export type * from "./migration.ts";
export type * from "./migration_observer.ts";
export type { MigrationPolicy, MigrationRunnerOptions } from "./options.ts";
export * from "./plugins/create_logging_plugin.ts";
export * from "./plugins/create_metrics_plugin.ts";
export type * from "./problem.ts";
export type * from "./results.ts";
export * from "./runner/adopt_history.ts";
export * from "./runner/create_migration_runner.ts";
export * from "./runner/create_migration_runner_with_plugins.ts";
export * from "./runner/get_migration_status.ts";
export * from "./runner/migrate_each.ts";
export type * from "./runner/migration_plugin.ts";
export { MigrationRunner } from "./runner/migration_runner.ts";
export * from "./runner/migration_runner_with_plugins.ts";
export * from "./runner/rollback_migrations.ts";
export * from "./runner/run_migrations.ts";
export * from "./runner/setup_migrations.ts";
