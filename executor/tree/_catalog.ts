import type { DialectName } from "../contract/plugin.ts";
import type { TableId } from "../contract/table_scope.ts";
import { type DialectTraits, TRAITS } from "../dialect/mod.ts";

/**
 * Returns true for a relation of the database's own that shows values of rows: statistics with
 * samples, and views of the statements that others run. Policies of the tables do not hold there.
 *
 * @param table the relation, as a query names it
 * @param dialect the family of SQL
 *
 * @example
 * ```ts
 * import { catalogHoldsValues } from "@kysera/executor";
 * import assert from "node:assert/strict";
 *
 * assert.equal(catalogHoldsValues({ name: "pg_stats" }, "postgres"), true);
 * assert.equal(catalogHoldsValues({ name: "pg_class", schema: "pg_catalog" }, "postgres"), false);
 * ```
 */
export function catalogHoldsValues({ name, schema }: TableId, dialect: DialectName): boolean {
  const { catalog: { values }, identifiers } = TRAITS[dialect];
  const space = schema === undefined ? undefined : identifiers.foldCase(schema);
  if (space !== undefined && values.schemas?.test(space) === true) return true;
  return values.names.test(identifiers.foldCase(name)) &&
    (values.home === undefined || values.home === space);
}

/**
 * Returns true if a table is one of the database's own, which Kysely's introspector reads: rules of
 * plugins that do not name tables are not meant for them.
 */
export function isCatalog(
  name: string,
  schema: string | undefined,
  { catalog, identifiers }: DialectTraits,
): boolean {
  if (catalog.tables?.test(name) === true) return true;
  return schema !== undefined && catalog.schemas.includes(identifiers.foldCase(schema));
}

/**
 * Returns true if a relation is one of the database's own.
 *
 * @param table the relation, as a query names it
 * @param dialect the family of SQL
 *
 * @example
 * ```ts
 * import { isCatalogTable } from "@kysera/executor";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isCatalogTable({ name: "pg_class", schema: "pg_catalog" }, "postgres"), true);
 * assert.equal(isCatalogTable({ name: "users" }, "postgres"), false);
 * ```
 */
export function isCatalogTable({ name, schema }: TableId, dialect: DialectName): boolean {
  return isCatalog(name, schema, TRAITS[dialect]);
}
