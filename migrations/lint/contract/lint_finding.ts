/**
 * How bad a finding is. `error`: the migration fails, loses data, or stops programs that run;
 * `warning`: it may; `info`: worth knowing. A rule that is `off` is not asked.
 */
export type LintSeverity = "error" | "warning" | "info";

/** Something that a rule has found in a migration. */
export interface LintFinding {
  /** The rule. */
  readonly rule: string;
  /** How bad it is. */
  readonly severity: LintSeverity;
  /** The migration. */
  readonly migration: string;
  /** The file that it was read from. */
  readonly file?: string | undefined;
  /** The statement, from 1 on; `undefined` where the migration as a whole is meant. */
  readonly statement?: number | undefined;
  /** The text of the statement. Values are parameters, and not in it. */
  readonly sql?: string | undefined;
  /** The line of the file that the statement begins in, where the file is SQL. */
  readonly line?: number | undefined;
  /** What was found. */
  readonly message: string;
  /** Why that is bad. */
  readonly reason: string;
  /** How it is done safely. */
  readonly instead: string;
}

/** A finding that a comment or the migration says to ignore. */
export interface IgnoredFinding extends LintFinding {
  /** The reason that was given. */
  readonly because: string;
}

/** What was found in all pending migrations. */
export interface LintReport {
  /** The findings, in the order of the migrations and their statements. */
  readonly findings: readonly LintFinding[];
  /** The findings that were ignored, with the reason. */
  readonly ignored: readonly IgnoredFinding[];
  /** The migrations that were looked at. */
  readonly migrations: readonly string[];
  /** How many findings there are of each severity. */
  readonly counts: Readonly<Record<LintSeverity, number>>;
}
