import type { MigrationOperation, MigrationWithMeta } from "./migration.ts";

/** What a runner tells of each migration. */
export interface MigrationObserver {
  /** Called before a migration runs; what it throws keeps the migration from running. */
  before(migration: MigrationWithMeta, operation: MigrationOperation): Promise<void>;
  /** Called when a migration is applied, or undone, with the milliseconds that it took. */
  after(migration: MigrationWithMeta, operation: MigrationOperation, ms: number): Promise<void>;
  /** Called when a migration has failed. */
  failed(
    migration: MigrationWithMeta,
    operation: MigrationOperation,
    error: unknown,
  ): Promise<void>;
}
