import type { DatabaseDialect } from "../database_dialect.ts";

const EXPRESSIONS: Readonly<Record<DatabaseDialect, string>> = {
  postgres: "CURRENT_TIMESTAMP",
  mysql: "CURRENT_TIMESTAMP(3)",
  // The text that a Date is bound as, so that both can be compared
  sqlite: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
  mssql: "SYSUTCDATETIME()",
};

/**
 * Returns the SQL expression for now.
 *
 * @param dialect The family of SQL.
 * @returns The expression, without parentheses around it.
 *
 * @example
 * ```ts
 * import { getCurrentTimestamp } from "@kysera/dialects";
 *
 * if (getCurrentTimestamp("postgres") !== "CURRENT_TIMESTAMP") throw new Error("unexpected");
 * ```
 */
export function getCurrentTimestamp(dialect: DatabaseDialect): string {
  return EXPRESSIONS[dialect];
}
