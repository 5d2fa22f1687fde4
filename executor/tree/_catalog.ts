import type { DialectName } from "../contract/plugin.ts";

const SCHEMAS: Readonly<Record<DialectName, readonly string[]>> = {
  postgres: ["pg_catalog", "information_schema"],
  mysql: ["information_schema", "mysql", "performance_schema", "sys"],
  mssql: ["information_schema", "sys"],
  sqlite: [],
};

const SQLITE = /^sqlite_(?:master|schema|sequence|temp_master|temp_schema|stat\d)$/i;

/**
 * Whether a table is one of the database's own, which Kysely's introspector reads: rules of plugins
 * that do not name tables are not meant for them.
 */
export function isCatalog(
  name: string,
  schema: string | undefined,
  dialect: DialectName,
): boolean {
  if (dialect === "sqlite") return SQLITE.test(name);
  if (schema === undefined) return false;
  // PostgreSQL alone sees the letter case of a quoted name.
  return SCHEMAS[dialect].includes(dialect === "postgres" ? schema : schema.toLowerCase());
}
