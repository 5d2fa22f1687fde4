import type { Migration } from "./migration.ts";

/**
 * Creates a migration.
 *
 * @param name its name in the history
 * @param up makes the change
 * @param down undoes the change
 * @returns the migration
 *
 * @example
 * ```ts
 * import { createMigration } from "@kysera/migrations";
 *
 * const createUsers = createMigration(
 *   "001_create_users",
 *   async (db) => {
 *     await db.schema.createTable("users").addColumn("id", "integer").execute();
 *   },
 *   async (db) => {
 *     await db.schema.dropTable("users").execute();
 *   },
 * );
 * ```
 */
export function createMigration<DB = any>(
  name: string,
  up: Migration<DB>["up"],
  down?: NonNullable<Migration<DB>["down"]>,
): Migration<DB> {
  return down === undefined ? { name, up } : { name, up, down };
}
