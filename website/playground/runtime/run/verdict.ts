/** What is known of a run, as far as it says whether something hidden was reached. */
export interface Facts {
  /** Whether the executor refused the program, with an error of its own. */
  readonly refused: boolean;
  /** Whether the program failed otherwise. */
  readonly failed: boolean;
  /** How many rows of the database the principal may not see. */
  readonly hidden: number;
  /** How many of them the program has changed. */
  readonly hiddenChanged: number;
  /** Whether the program has changed rows, or has tried to. */
  readonly writes: boolean;
  /** Whether it returned what it returns on a database that holds visible rows only. */
  readonly sameAsVisible: boolean | undefined;
  /** Whether it returned what it returns without plugins. */
  readonly sameAsAlone: boolean | undefined;
}

/**
 * | verdict     | means                                                                           |
 * | ----------- | ------------------------------------------------------------------------------- |
 * | `refused`   | an error of Kysera's, and no hidden row was changed                             |
 * | `failed`    | another error                                                                   |
 * | `filtered`  | as on a database that holds the visible rows only; other than without plugins   |
 * | `unchanged` | as on such a database, and the same without plugins: nothing hidden in reach    |
 * | `protected` | it writes, and no hidden row was changed                                        |
 * | `reached`   | a hidden row was changed, or had a part in the result                           |
 * | `unknown`   | there is nothing to compare with                                                |
 */
export type Verdict =
  | "refused"
  | "failed"
  | "filtered"
  | "unchanged"
  | "protected"
  | "reached"
  | "unknown";

/** Returns the verdict on a run. */
export function verdictOf(facts: Facts): Verdict {
  const { refused, failed, hiddenChanged, writes, sameAsVisible, sameAsAlone } = facts;
  if (hiddenChanged > 0) return "reached";
  if (refused) return "refused";
  if (failed) return "failed";
  // The result of a write may hold what plugins set.
  if (writes) return "protected";
  if (sameAsVisible === undefined) return "unknown";
  if (!sameAsVisible) return "reached";
  return sameAsAlone === true ? "unchanged" : "filtered";
}
