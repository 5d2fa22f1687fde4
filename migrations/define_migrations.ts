import type { MigrationWithMeta, UnnamedMigration } from "./migration.ts";

/** Migrations by name. */
export type MigrationDefinitions<DB = any> = Readonly<Record<string, UnnamedMigration<DB>>>;

/** Keys of objects that are whole numbers below this are put in numeric order. */
const MOST_INDEXES = 2 ** 32 - 1;

/**
 * Creates migrations from an object that has them by name. They run in the order in which they
 * stand there.
 *
 * @param definitions the migrations by name
 * @returns the migrations
 * @throws {TypeError} if a name is a small whole number: objects do not keep the order of these
 *
 * @example
 * ```ts
 * import { defineMigrations } from "@kysera/migrations";
 * import assert from "node:assert/strict";
 *
 * const migrations = defineMigrations({
 *   "001_users": {
 *     up: async (db) => {
 *       await db.schema.createTable("users").addColumn("id", "integer").execute();
 *     },
 *   },
 * });
 * assert.equal(migrations[0]?.name, "001_users");
 * ```
 */
export function defineMigrations<DB = any>(
  definitions: MigrationDefinitions<DB>,
): MigrationWithMeta<DB>[] {
  return Object.entries(definitions).map(([name, definition]) => {
    if (/^(?:0|[1-9]\d*)$/.test(name) && Number(name) < MOST_INDEXES) {
      throw new TypeError(
        `Cannot define migrations: objects put keys like "${name}" first, whatever their order; ` +
          `give it a name that is not a number, or use an array`,
      );
    }
    return { ...definition, name };
  });
}
