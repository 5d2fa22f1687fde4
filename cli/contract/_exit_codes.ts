/** What the exit code of the program says. Scripts rely on the numbers. */
export const ExitCodes = {
  /** It did what was asked. */
  OK: 0,
  /** It failed. */
  FAILED: 1,
  /** The command line or the configuration is wrong. */
  USAGE: 2,
  /** It found what it was told to look for: pending migrations, differences. */
  FINDINGS: 3,
  /** It refused: nothing confirmed that data may be destroyed, or code and history disagree. */
  REFUSED: 4,
  /** Another process holds the lock. */
  LOCKED: 5,
  /** A migration stopped halfway, and a part of it is applied. */
  PARTIAL: 6,
  /** It was interrupted. */
  INTERRUPTED: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof ExitCodes)[keyof typeof ExitCodes];
