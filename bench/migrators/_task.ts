/** Who migrates. */
export type RunnerName = "kysely" | "kysera";

/** What a process is told to do. */
export interface MigratorTask {
  readonly runner: RunnerName;
  readonly dialect: "sqlite" | "postgres" | "mysql";
  /** The file, or the server with the database. */
  readonly url: string;
  /** The file that a line is written to whenever the body of a migration runs. */
  readonly counter: string;
  /** When to begin, so that all processes do at once; in milliseconds since 1970. */
  readonly startAt: number;
  /** Whether the migrations go without a transaction. */
  readonly withoutTransactions: boolean;
  /** Whether the second migration builds an index concurrently. */
  readonly concurrently: boolean;
  /** How long the body of a migration takes between its two statements, in milliseconds. */
  readonly pause: number;
  /** How long a statement may take, on MariaDB, in seconds. */
  readonly statementTime: number | undefined;
  /** Whether the process dies between the two statements of the first migration. */
  readonly dies: boolean;
}

/** What it prints. */
export interface MigratorResult {
  /** The error that the runner reports; `undefined` where it reports none. */
  readonly error: string | undefined;
}
