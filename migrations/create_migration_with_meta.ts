import type { MigrationWithMeta, UnnamedMigration } from "./migration.ts";

/**
 * Creates a migration that says more of itself than its name.
 *
 * @param name its name in the history
 * @param definition what it does and what should be known of it
 * @returns the migration
 *
 * @example
 * ```ts
 * import { createMigrationWithMeta } from "@kysera/migrations";
 *
 * const dropNickname = createMigrationWithMeta("002_drop_nickname", {
 *   description: "Nobody reads the column since release 12",
 *   breaking: true,
 *   tags: ["users"],
 *   async up(db) {
 *     await db.schema.alterTable("users").dropColumn("nickname").execute();
 *   },
 * });
 * ```
 */
export function createMigrationWithMeta<DB = any>(
  name: string,
  definition: UnnamedMigration<DB>,
): MigrationWithMeta<DB> {
  return { ...definition, name };
}
