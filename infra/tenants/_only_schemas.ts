import type { Plugin, TableReference } from "@kysera/executor";
import { ForeignSchemaError } from "./errors.ts";

/**
 * Returns a plugin that refuses tables of other schemas: a name that a query qualifies itself goes past
 * `withSchema`, and `withoutPlugins()` takes the schema away. Raw SQL may name any table, so it is
 * refused unless the executor's options allow it.
 *
 * @param schemas the schemas that queries may name
 */
export function onlySchemas(schemas: readonly string[]): Plugin {
  const allowed = new Set(schemas);
  const refuse = ({ table, schema }: Pick<TableReference, "table" | "schema">): never => {
    throw new ForeignSchemaError(schema === undefined ? `"${table}"` : `"${schema}"."${table}"`);
  };
  return {
    name: "tenant-schema",
    version: "1.0.0",
    rawSql: "deny",
    appliesTo: ({ schema }) => schema === undefined || !allowed.has(schema),
    filter: refuse,
    stamp: refuse,
  };
}
