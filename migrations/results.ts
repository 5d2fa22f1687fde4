import type { MigrationOperation } from "./migration.ts";
import type { MigrationProblem } from "./problem.ts";

/** What a run has done. */
export interface MigrationResult {
  /** The migrations that ran, in their order; in a dry run those that would. */
  readonly executed: string[];
  /** The migrations that had nothing to do: applied already, or not to be rolled back. */
  readonly skipped: string[];
  /** The migrations that failed. */
  readonly failed: string[];
  /** How long it took, in milliseconds. */
  readonly duration: number;
  /** Whether nothing was changed on purpose. */
  readonly dryRun: boolean;
  /** In a dry run, what each migration would send. */
  readonly plan?: readonly PlannedMigration[] | undefined;
}

/** A statement that a migration would send. */
export interface PlannedStatement {
  /** Its text. */
  readonly sql: string;
  /** Its parameters. */
  readonly parameters: readonly unknown[];
}

/** What a migration would send. */
export interface PlannedMigration {
  /** The migration. */
  readonly name: string;
  /** Which way it would run. */
  readonly operation: MigrationOperation;
  /** Whether it would run in a transaction. */
  readonly transaction: boolean;
  /** What it would send, in order, without what it reads. */
  readonly statements: readonly PlannedStatement[];
  /** Whether it reads: with other data it may send other statements. */
  readonly readsData: boolean;
  /**
   * Why the plan ends in this migration; `undefined` where it is whole. A plan ends where the
   * migration reads what a statement of the plan would have changed.
   */
  readonly endsBecause?: string | undefined;
}

/** A migration that is applied. */
export interface ExecutedMigration {
  /** The migration. */
  readonly name: string;
  /** When it was applied. */
  readonly executedAt: Date;
  /** How long it took, in milliseconds; `undefined` where it was marked or taken over. */
  readonly duration: number | undefined;
}

/** What is applied, and what is not. */
export interface MigrationStatus {
  /** The names of the migrations that are applied, in the order in which they were. */
  readonly executed: string[];
  /** The names of the migrations that are not, in the order in which they would be. */
  readonly pending: string[];
  /** How many migrations the code has. */
  readonly total: number;
  /** How the code and the history do not fit each other. */
  readonly problems: readonly MigrationProblem[];
  /** The runner that holds the lock for a migration outside of a transaction, if one does. */
  readonly holder: LockHolder | undefined;
}

/** Who holds the lock. */
export interface LockHolder {
  /** What the holder says of itself, or what the server says of its session. */
  readonly from: string;
  /** Since when; `undefined` where the server does not tell. */
  readonly since: Date | undefined;
  /**
   * When it counts as dead unless it says that it lives; `undefined` where its session holds the
   * lock, which ends with it.
   */
  readonly expires: Date | undefined;
}
