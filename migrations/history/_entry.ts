import type { MigrationOperation } from "../migration.ts";

/**
 * `applied`: its changes are there. `running`: a runner works on it without a transaction, or died
 * while it did. `failed`: a statement of it failed, and those before it are applied.
 */
export type EntryState = "applied" | "running" | "failed";

/** What the history has of a migration. */
export interface HistoryEntry {
  readonly name: string;
  /**
   * Whether it has a row of its own. One that runs outside of a transaction for the first time has
   * none: that statements of it are recorded says that it does.
   */
  readonly hasRow?: boolean;
  /** The place in the order in which they were applied. */
  readonly sequence: number;
  readonly state: EntryState;
  /** Which way it ran when it did not get to its end. */
  readonly operation: MigrationOperation;
  readonly executedAt: Date;
  /** How long it took, in milliseconds; `undefined` where it was not run by this runner. */
  readonly duration: number | undefined;
  /** The hash of its source; `undefined` where none was known. */
  readonly sourceHash: string | undefined;
  /** The hash of the statements it sent; `undefined` where they are not known. */
  readonly planHash: string | undefined;
}

/** The row that says who holds the lock. */
export interface LockRow {
  /** Changes with every change of the history. */
  readonly revision: number;
  /** The token of the runner that holds it; no other runner has the same. */
  readonly owner: string | undefined;
  /** What the holder says of itself. */
  readonly holder: string | undefined;
  readonly since: Date | undefined;
  /** When the holder counts as dead unless it says that it lives, by the clock of the database. */
  readonly expires: Date | undefined;
  /** The clock of the database. */
  readonly now: Date;
}

/** A statement that was sent outside of a transaction. */
export interface Step {
  readonly step: number;
  /**
   * `started`: whether it was applied is not known. `batches`: it stands for batches, of which those
   * up to the key in `result` are applied.
   */
  readonly state: "started" | "done" | "batches";
  readonly hash: string;
  readonly sql: string;
  /** What it answered, as JSON. */
  readonly result: string | undefined;
  /** What its objects looked like before it. */
  readonly fingerprint: string | undefined;
  /** When it was recorded. */
  readonly recordedAt: Date;
}
