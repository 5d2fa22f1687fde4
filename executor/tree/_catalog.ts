import type { DialectTraits } from "../dialect/mod.ts";

/**
 * Whether a table is one of the database's own, which Kysely's introspector reads: rules of plugins
 * that do not name tables are not meant for them.
 */
export function isCatalog(
  name: string,
  schema: string | undefined,
  { catalog, identifiers }: DialectTraits,
): boolean {
  if (catalog.tables?.test(name) === true) return true;
  return schema !== undefined && catalog.schemas.includes(identifiers.foldCase(schema));
}
