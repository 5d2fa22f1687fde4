import {
  findTables,
  type FoundTables,
  listedTables as listed,
  type PluginHost,
  qualifiedName,
  type TableSearch,
} from "@kysera/executor";
import { PLUGIN_NAME, type Settings } from "./_settings.ts";

/** The tables that the options list, taken at their word. */
export function listedTables(host: PluginHost, settings: Settings): FoundTables {
  return listed(host, searchFor(settings));
}

/**
 * The tables that the options list, or those that have one of the columns, as the database knows them.
 *
 * @throws {PluginValidationError} where the options name what is not there, or nothing has a column
 */
export async function checkedTables(host: PluginHost, settings: Settings): Promise<FoundTables> {
  const tables = await findTables(host, searchFor(settings));
  if (settings.tables === undefined) {
    settings.logger?.debug(`Timestamps apply to ${tables.found.map(qualifiedName).join(", ")}`);
  }
  return tables;
}

function searchFor({ tables, excludeTables, columns, check }: Settings): TableSearch {
  return { plugin: PLUGIN_NAME, tables, excludeTables, columns, check };
}
