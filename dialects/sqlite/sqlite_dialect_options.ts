import type { DatabaseConnection } from "kysely";

/** Options that every SQLite dialect takes. */
export interface SqliteDialectOptions {
  /** How many prepared statements are kept, the least recently used out first; 256 if not given, 0 for none. */
  readonly statementCacheSize?: number;
  /**
   * How integers are read. `"auto"` (if not given): as a number where that loses nothing, else as a
   * bigint. `"always"`: every integer as a bigint. `"throw"`: as a number, an error where that would
   * lose digits.
   */
  readonly bigints?: "auto" | "always" | "throw";
  /** Called once with the connection before its first use, for `pragma` statements and the like. */
  readonly onCreateConnection?: (connection: DatabaseConnection) => Promise<void>;
}
