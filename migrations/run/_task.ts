import type { HistoryEntry } from "../history/_entry.ts";
import type { MigrationOperation } from "../migration.ts";
import type { ResolvedMigration } from "./_resolved.ts";

/** What runs next. */
export interface Task {
  readonly migration: ResolvedMigration;
  readonly operation: MigrationOperation;
  /** Whether it goes on with a migration that stopped halfway. */
  readonly resumes?: boolean;
  /** How many statements are taken for applied, whatever is recorded of them. */
  readonly from?: number | undefined;
  /** Migrations that are forgotten with one that is undone: they have to run again. */
  readonly forgets?: readonly string[] | undefined;
}

/** Says what runs next, by the history as it is under the lock. */
export type NextTask = (
  entries: readonly HistoryEntry[],
) => Promise<Task | undefined> | Task | undefined;
