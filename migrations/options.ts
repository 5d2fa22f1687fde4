import { assertKnownOptions, BadRequestError, type KyseraLogger } from "@kysera/core";

/**
 * What to do where the code and the history do not fit each other.
 *
 * - `strict`: refuse.
 * - `allow-unordered`: run migrations that come before one that is applied, and accept that the
 *   database is ahead of the code.
 * - `repair`: also accept migrations that were changed, or are missing, after they were applied.
 */
export type MigrationPolicy = "strict" | "allow-unordered" | "repair";

/** Options of a runner. */
export interface MigrationRunnerOptions {
  /** Plans instead of running; nothing is changed. Default: `false`. */
  readonly dryRun?: boolean | undefined;
  /** What is told what happens. Default: nothing is. */
  readonly logger?: KyseraLogger | undefined;
  /**
   * One transaction for each migration (`true`, `"per-migration"`), for the whole run
   * (`"per-run"`), or none (`false`), where the database can change its schema in one. Default:
   * `true`. A migration can go without one by itself.
   */
  readonly useTransactions?: boolean | "per-migration" | "per-run" | undefined;
  /** Whether a migration that fails ends the run with an error. Default: `true`. */
  readonly stopOnError?: boolean | undefined;
  /** Whether each migration is logged. Default: `true`. */
  readonly verbose?: boolean | undefined;
  /** What to do where the code and the history do not fit each other. Default: `"strict"`. */
  readonly policy?: MigrationPolicy | undefined;
  /** The table of the history. Default: `"kysera_migration"`. */
  readonly tableName?: string | undefined;
  /** The schema of the table. Default: the one that names without a schema mean. */
  readonly schema?: string | undefined;
  /**
   * Whether the history of another runner is taken over when the table is created; the name of its
   * table, where there are several. Default: `true`.
   */
  readonly adopt?: boolean | string | undefined;
  /** How long to wait for another runner, in milliseconds. Default: 600,000. */
  readonly lockTimeout?: number | undefined;
  /**
   * How long a statement of a migration waits for a table that others use, in milliseconds: while it
   * waits, everybody who comes after it waits too. It is `lock_timeout` on PostgreSQL, unless the
   * connection has one of its own, and `lock_wait_timeout`, in whole seconds, on MySQL and MariaDB. On
   * PostgreSQL, what cannot run in a transaction has no limit. `0` leaves the database's own.
   * Default: 5,000.
   */
  readonly tableLockTimeout?: number | undefined;
  /**
   * How often what did not get its lock in time, or met others in a deadlock, is run again: the whole
   * transaction, or the one statement outside of one. In between, others have the table for as long as
   * they were kept waiting. Default: 5.
   */
  readonly tableLockRetries?: number | undefined;
  /**
   * After how long a runner that does not say that it lives counts as dead, in milliseconds. It is
   * for migrations outside of a transaction; the others end with their connection. Default: 30,000.
   */
  readonly lease?: number | undefined;
  /** What the runner says of itself to those who wait for it. Default: `"kysera"` and a number. */
  readonly holder?: string | undefined;
  /** Ends the run before the next migration, and the wait for another runner. */
  readonly signal?: AbortSignal | undefined;
}

/** The options with their defaults. */
export interface Settings {
  readonly dryRun: boolean;
  readonly logger: KyseraLogger | undefined;
  readonly transactions: "per-migration" | "per-run" | "none";
  readonly stopOnError: boolean;
  readonly verbose: boolean;
  readonly policy: MigrationPolicy;
  readonly tableName: string | undefined;
  readonly schema: string | undefined;
  readonly adopt: boolean | string;
  readonly lockTimeout: number;
  readonly tableLockTimeout: number;
  readonly tableLockRetries: number;
  readonly lease: number;
  readonly holder: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const OPTIONS: Readonly<Record<keyof MigrationRunnerOptions, true>> = {
  dryRun: true,
  logger: true,
  useTransactions: true,
  stopOnError: true,
  verbose: true,
  policy: true,
  tableName: true,
  schema: true,
  adopt: true,
  lockTimeout: true,
  tableLockTimeout: true,
  tableLockRetries: true,
  lease: true,
  holder: true,
  signal: true,
};

/** The names of all options. */
export const OPTION_NAMES: readonly string[] = Object.keys(OPTIONS);

const ACTION = "create a migration runner";
const POLICIES: readonly unknown[] = ["strict", "allow-unordered", "repair"];
const TRANSACTIONS: ReadonlyMap<unknown, Settings["transactions"]> = new Map<
  unknown,
  Settings["transactions"]
>([
  [undefined, "per-migration"],
  [true, "per-migration"],
  ["per-migration", "per-migration"],
  ["per-run", "per-run"],
  [false, "none"],
]);

/**
 * Returns the options with their defaults.
 *
 * @throws {BadRequestError} if one does not exist, or has a value that it cannot have
 */
export function settingsOf(options: MigrationRunnerOptions): Settings {
  assertKnownOptions(options, OPTION_NAMES, { action: ACTION });
  for (const name of ["dryRun", "stopOnError", "verbose"] as const) {
    expect(options, name, "true or false", (value) => typeof value === "boolean");
  }
  for (const name of ["tableName", "schema", "holder"] as const) {
    expect(options, name, "a text", (value) => typeof value === "string" && value !== "");
  }
  for (const name of ["lockTimeout", "tableLockTimeout", "lease"] as const) {
    expect(
      options,
      name,
      "a number of milliseconds",
      (value) => typeof value === "number" && value >= 0 && Number.isFinite(value),
    );
  }
  expect(
    options,
    "tableLockRetries",
    "a whole number, from 0 on",
    (value) => Number.isSafeInteger(value) && value as number >= 0,
  );
  expect(options, "logger", "a logger", isLogger);
  expect(
    options,
    "policy",
    '"strict", "allow-unordered" or "repair"',
    (value) => POLICIES.includes(value),
  );
  expect(
    options,
    "adopt",
    "true, false or the name of a table",
    (value) => typeof value === "boolean" || typeof value === "string",
  );
  expect(
    options,
    "useTransactions",
    'true, false, "per-migration" or "per-run"',
    (value) => TRANSACTIONS.has(value),
  );
  return {
    dryRun: options.dryRun ?? false,
    logger: options.logger,
    transactions: TRANSACTIONS.get(options.useTransactions)!,
    stopOnError: options.stopOnError ?? true,
    verbose: options.verbose ?? true,
    policy: options.policy ?? "strict",
    tableName: options.tableName,
    schema: options.schema,
    adopt: options.adopt ?? true,
    lockTimeout: options.lockTimeout ?? 600_000,
    // Whole milliseconds, as databases have them; less than one of them would be none.
    tableLockTimeout: Math.ceil(options.tableLockTimeout ?? 5000),
    tableLockRetries: options.tableLockRetries ?? 5,
    lease: options.lease ?? 30_000,
    holder: options.holder,
    signal: options.signal,
  };
}

function expect(
  options: MigrationRunnerOptions,
  name: keyof MigrationRunnerOptions,
  wanted: string,
  isValid: (value: unknown) => boolean,
): void {
  const value: unknown = options[name];
  if (value === undefined || isValid(value)) return;
  throw new BadRequestError(`Cannot ${ACTION}: the option "${name}" has to be ${wanted}`);
}

function isLogger(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return ["debug", "info", "warn", "error"].every((name) =>
    typeof (value as Record<string, unknown>)[name] === "function"
  );
}
