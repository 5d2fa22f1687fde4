import { parseTableName, type PluginHost, TableKeys, TableScope } from "@kysera/executor";
import { PLUGIN_NAME, type Settings } from "../contract/_settings.ts";
import type { AuditedTables } from "./_tables.ts";

/**
 * Checks the keys that the options name: one that several rows can share would put the history of
 * one row under another's.
 *
 * @throws {PluginValidationError} if several rows can share a key
 */
export async function checkKeys(
  host: PluginHost,
  { key, keysOfTables, tables }: Settings,
  audited: AuditedTables,
): Promise<void> {
  if (key === undefined && keysOfTables.length === 0) return;
  const entries = key === undefined ? keysOfTables.map(([table]) => table) : tables;
  const relations = await host.relations(
    entries?.map((entry) => {
      const { name, schema } = parseTableName(entry);
      return {
        name: host.physicalName(name),
        schema: schema === undefined ? undefined : host.physicalName(schema),
      };
    }),
  );
  const scope = new TableScope(host);
  for (const [table] of keysOfTables) scope.addEntry(table);
  const found = relations.filter(({ name, schema, isVisible }) =>
    audited.has(name, schema) && (isVisible || tables !== undefined)
  );
  new TableKeys(host, PLUGIN_NAME, { common: key, own: keysOfTables }, scope, found);
}
