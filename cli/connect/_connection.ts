import type { Kysely } from "kysely";
import type { Target } from "./_target.ts";

/** A database that is open. */
export interface Connection {
  readonly db: Kysely<any>;
  readonly target: Target;
  /** Whether the database is a file that is not there yet, and an empty one stands in its place. */
  readonly isMissing: boolean;
  close(): Promise<void>;
}

/** How a database is opened. */
export interface OpenOptions {
  /**
   * What to do where the database is a file that is not there: create it, work on an empty database
   * in its place, or fail.
   */
  readonly missing: "create" | "empty" | "refuse";
  /** The schema that names without one mean; on MySQL and MariaDB, the database. */
  readonly schema?: string | undefined;
  /** Whether nothing is written; SQLite then opens its file so. Default: it may be. */
  readonly readOnly?: boolean | undefined;
  /** Called with the text of each statement. */
  readonly onStatement?: ((sql: string) => void) | undefined;
}
