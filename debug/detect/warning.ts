import type { QueryRecord } from "../query_record.ts";

/**
 * What can be wrong with queries.
 *
 * - `"n-plus-one"`: the same query again and again, each time with other values: one with IN, or a
 *   join, would do.
 * - `"duplicate"`: the same query with the same values, with no write between.
 * - `"unbounded-select"`: a SELECT from a table without WHERE and LIMIT, which grows with the table.
 * - `"unconditional-write"`: an UPDATE or DELETE without WHERE.
 * - `"slow"`: a query that took longer than the threshold.
 */
export type WarningKind =
  | "n-plus-one"
  | "duplicate"
  | "unbounded-select"
  | "unconditional-write"
  | "slow";

/** All of them. */
export const WARNING_KINDS: readonly WarningKind[] = [
  "n-plus-one",
  "duplicate",
  "unbounded-select",
  "unconditional-write",
  "slow",
];

/** Something that is wrong with queries. */
export interface Warning {
  /** What it is. */
  readonly kind: WarningKind;
  /** The same in words; no value of a query is in it. */
  readonly message: string;
  /** The query, the last one where it is about several. */
  readonly query: QueryRecord;
  /** How often it ran. */
  readonly count: number;
  /** How the database runs it, a line each, where `explainSlow` asked for it. */
  readonly plan?: readonly string[] | undefined;
}
