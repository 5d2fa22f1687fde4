import type { QueryMetrics } from "@kysera/core";

/** One query that ran. */
export interface QueryRecord extends QueryMetrics {
  /** The same for queries that differ in their values only, or in how many there are. */
  readonly fingerprint: string;
  /** What it does and to which tables: `SELECT users posts`. */
  readonly summary: string;
  /** `SELECT`, `INSERT`, ..; what raw SQL begins with. */
  readonly operation: string;
  /** How many rows came back, or were changed. */
  readonly rows: number;
  /** Whether it ran in a transaction, as far as the executor saw; it does not look for streams. */
  readonly inTransaction: boolean;
  /** What it failed with. */
  readonly error?: unknown;
}
