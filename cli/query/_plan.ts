/** What a database would do for a statement, or has done. */
export interface Plan {
  readonly reads: readonly Read[];
  readonly sorts: readonly Sort[];
  /** Where the estimates were far off; only of a statement that was run. */
  readonly misjudged: readonly Misjudged[];
}

/** How the rows of a table are found. */
export interface Read {
  /** The name that the statement has for the table. */
  readonly alias: string;
  /** The table, where the plan names it. */
  readonly table: string | undefined;
  /** `scan`: all of it; `automatic`: an index that is built for the statement, and thrown away. */
  readonly how: "scan" | "index" | "automatic";
  /** The index. */
  readonly index: string | undefined;
  /** How many rows the database expects to read or to find. */
  readonly rows: number | undefined;
  /** The condition that each row is tried by, where the plan has it. */
  readonly filter: string | undefined;
}

/** Rows that are sorted. */
export interface Sort {
  /** What they are sorted by, where the plan says it. */
  readonly by: readonly string[];
  /** Whether it did not fit into memory. */
  readonly isOnDisk: boolean;
}

/** A step for which the database expected other numbers of rows. */
export interface Misjudged {
  readonly table: string | undefined;
  readonly expected: number;
  readonly actual: number;
}

/** A plan with nothing in it. */
export const EMPTY_PLAN: Plan = { reads: [], sorts: [], misjudged: [] };
