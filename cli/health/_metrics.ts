import type { Times } from "../times/_sum_up_times.ts";

/** What a server says of its work. A number is `null` where the server, or its user, does not know it. */
export interface Metrics {
  /** How long a query that does nothing takes, in ms. */
  readonly latency: Times;
  readonly connections: Connections | null;
  /** The size of the database, in bytes. */
  readonly size: number | null;
  /** How much of what was read was in memory, from 0 to 1, since the server counts. */
  readonly cacheHits: number | null;
  /** What was done since the server counts, in all. */
  readonly transactions: Transactions | null;
  /** How long the oldest transaction or query is under way, in ms. */
  readonly oldest: number | null;
  /** How many sessions wait for a lock. */
  readonly waiting: number | null;
}

/** How many sessions there are. */
export interface Connections {
  readonly open: number;
  /** Those that run something. */
  readonly active: number;
  readonly most: number;
}

/** What was done. */
export interface Transactions {
  readonly committed: number;
  readonly rolledBack: number;
  readonly deadlocks: number;
}
