import { format } from "sql-formatter";
import type { Dialect } from "@kysera/core";

const LANGUAGES = {
  postgres: "postgresql",
  mysql: "mariadb",
  sqlite: "sqlite",
  mssql: "transactsql",
} as const;

/** Options of {@linkcode formatSQL}. */
export interface FormatOptions {
  /** Whose SQL it is. Default `"postgres"`. */
  readonly dialect?: Dialect | undefined;
  /** How many spaces a level is indented by. Default 2. */
  readonly indent?: number | undefined;
}

/**
 * Formats SQL over several lines, by the library sql-formatter. What it cannot read comes back as
 * it is.
 *
 * @param sql the SQL
 * @param options see {@linkcode FormatOptions}
 * @returns the SQL
 *
 * @example
 * ```ts
 * import { formatSQL } from "@kysera/debug";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatSQL('select "id" from "users"'), 'select\n  "id"\nfrom\n  "users"');
 * ```
 */
export function formatSQL(sql: string, options: FormatOptions = {}): string {
  const { dialect = "postgres", indent = 2 } = options;
  try {
    return format(sql, { language: LANGUAGES[dialect], tabWidth: indent });
  } catch {
    return sql;
  }
}

/**
 * Formats SQL as {@linkcode formatSQL} does, with the indentation as a number.
 *
 * @param sql the SQL
 * @param indent how many spaces a level is indented by
 * @returns the SQL
 *
 * @example
 * ```ts
 * import { formatSQLPretty } from "@kysera/debug";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatSQLPretty("select 1", 4), "select\n    1");
 * ```
 */
export function formatSQLPretty(sql: string, indent: number = 2): string {
  return formatSQL(sql, { indent });
}
