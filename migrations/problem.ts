/** How the code and the history do not fit each other. */
export type MigrationProblemKind =
  /** It was applied, and the code has another one under its name. */
  | "changed"
  /** It was applied, and the code does not have it any more. */
  | "missing"
  /** It was applied after all that the code has: the database is ahead of the code. */
  | "unknown"
  /** It is not applied, and one that comes after it is. */
  | "out-of-order"
  /** It stands in for others, of which a part is applied. */
  | "partly-replaced"
  /** It stopped halfway, outside of a transaction. */
  | "failed";

/** One way in which the code and the history do not fit each other. */
export interface MigrationProblem {
  /** What is wrong. */
  readonly kind: MigrationProblemKind;
  /** The migration. */
  readonly migrationName: string;
  /** What is wrong, and what to do. */
  readonly message: string;
  /** The statements that were sent and are not any more, and those that are now. */
  readonly diff?: string | undefined;
}
