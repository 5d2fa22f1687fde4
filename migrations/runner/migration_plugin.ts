import type { MigrationOperation, MigrationWithMeta } from "../migration.ts";
import type { MigrationRunner } from "./migration_runner.ts";

/**
 * Watches the migrations of a runner. Hooks are called in the order of the plugins; none is called
 * in a dry run.
 *
 * @example
 * ```ts
 * import type { MigrationPlugin } from "@kysera/migrations";
 *
 * export const announce: MigrationPlugin = {
 *   name: "announce",
 *   version: "1.0.0",
 *   beforeMigration: (migration, operation) => console.log(migration.name, operation),
 * };
 * ```
 */
export interface MigrationPlugin {
  /** Its name; no other plugin of a runner may have it. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Called once, when the runner is created. */
  onInit?(runner: MigrationRunner): Promise<void> | void;
  /** Called before a migration. What it throws keeps the migration from running. */
  beforeMigration?(
    migration: MigrationWithMeta,
    operation: MigrationOperation,
  ): Promise<void> | void;
  /** Called when a migration is applied, or undone, with the milliseconds that it took. */
  afterMigration?(
    migration: MigrationWithMeta,
    operation: MigrationOperation,
    duration: number,
  ): Promise<void> | void;
  /** Called when a migration has failed. What it throws is not heard. */
  onMigrationError?(
    migration: MigrationWithMeta,
    operation: MigrationOperation,
    error: unknown,
  ): Promise<void> | void;
}
