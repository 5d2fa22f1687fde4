/** Which history of another tool is taken over, and how. */
export interface AdoptOptions {
  /**
   * The tool. Default: the one whose table is there.
   *
   * `kysely`, `kysera` and `kysera-cli` are Kysely's Migrator, and this library and its command line
   * up to 0.8; the runner takes these over by itself when it creates its tables.
   */
  readonly from?: "kysely" | "kysera" | "kysera-cli" | "prisma" | "drizzle" | "flyway" | undefined;
  /** Their table, if it does not have its usual name. */
  readonly table?: string | undefined;
  /** The schema of their table. Default: the tool's usual one, or that of the runner's tables. */
  readonly tableSchema?: string | undefined;
  /**
   * The parsed content of Drizzle's `meta/_journal.json`, which has the names of its migrations.
   * Without it they are matched by the hash of their text.
   */
  readonly journal?: unknown;
  /** Returns the name that the code has for a migration of theirs. Default: the same. */
  readonly rename?: ((name: string) => string) | undefined;
  /**
   * Whether applied migrations that the code does not have are recorded, and then count as missing; or
   * left out of the history. Default: `"record"`.
   */
  readonly unknown?: "record" | "leave" | undefined;
  /** Whether nothing is recorded. Default: as the runner's option `dryRun` says. */
  readonly dryRun?: boolean | undefined;
}

/** What was taken over. */
export interface AdoptResult {
  /** The tool. */
  readonly from: "kysely" | "kysera" | "kysera-cli" | "prisma" | "drizzle" | "flyway";
  /** Its table. */
  readonly table: string;
  /** The migrations that were recorded as applied; in a dry run those that would be. */
  readonly adopted: string[];
  /** The migrations that were recorded before. */
  readonly known: string[];
  /** Those of the tool's migrations that the code does not have. */
  readonly unknown: string[];
  /** Rows that say something else than that a migration is applied, and texts that have changed. */
  readonly notes: readonly { readonly migrationName: string; readonly message: string }[];
  /** Whether nothing was recorded on purpose. */
  readonly dryRun: boolean;
}
