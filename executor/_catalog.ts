import type { DialectName } from "./plugin.ts";

const SCHEMAS: ReadonlySet<string> = new Set([
  "information_schema",
  "mysql",
  "performance_schema",
  "pg_catalog",
  "sys",
]);

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
  return schema !== undefined && SCHEMAS.has(schema.toLowerCase());
}
