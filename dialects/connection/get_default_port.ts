import type { DatabaseDialect } from "../database_dialect.ts";

const PORTS: Readonly<Record<DatabaseDialect, number | null>> = {
  postgres: 5432,
  mysql: 3306,
  sqlite: null,
  mssql: 1433,
};

/**
 * Returns the port that a database listens on unless it is told otherwise.
 *
 * @param dialect The family of SQL.
 * @returns The port, or null for SQLite, which has none.
 *
 * @example
 * ```ts
 * import { getDefaultPort } from "@kysera/dialects";
 *
 * if (getDefaultPort("postgres") !== 5432) throw new Error("unexpected");
 * if (getDefaultPort("sqlite") !== null) throw new Error("unexpected");
 * ```
 */
export function getDefaultPort(dialect: DatabaseDialect): number | null {
  return PORTS[dialect];
}
