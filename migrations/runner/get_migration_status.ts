import type { Kysely } from "kysely";
import type { MigrationList } from "../migration.ts";
import type { MigrationRunnerOptions } from "../options.ts";
import type { MigrationStatus } from "../results.ts";
import { MigrationRunner } from "./migration_runner.ts";

/**
 * Tells which migrations are applied. Nothing is created where none is.
 *
 * @param db the database, or an executor of it
 * @param migrations the migrations
 * @param options where the history is, and who is told
 * @returns the names, and how the code and the history do not fit each other
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigration, getMigrationStatus } from "@kysera/migrations";
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
 * assert.deepEqual((await getMigrationStatus(db, [users])).pending, ["001_users"]);
 * await db.destroy();
 * ```
 */
export async function getMigrationStatus(
  db: Kysely<any>,
  migrations: MigrationList,
  options: MigrationRunnerOptions = {},
): Promise<MigrationStatus> {
  return await new MigrationRunner(db, migrations, options).status();
}
