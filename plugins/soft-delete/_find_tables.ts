import {
  findTables,
  listedTables as listed,
  parseTableName,
  type PluginHost,
  PluginValidationError,
  qualifiedName,
  type Relation,
  type TableId,
  TableScope,
  type TableSearch,
} from "@kysera/executor";
import { PLUGIN_NAME, type Settings } from "./_settings.ts";

/** The tables that the plugin has to do with. */
export interface Tables {
  readonly scope: TableScope;
  /** What the database says of them. */
  readonly found: readonly Relation[];
  /** Those whose column can never hold the value of a visible row. */
  readonly blind: TableScope;
  /** Takes what the database says of a table that was not known; `undefined` where none counts. */
  readonly learn: ((table: TableId, found: readonly Relation[]) => void) | undefined;
}

/** The tables that the options list, taken at their word. */
export function listedTables(host: PluginHost, settings: Settings): Tables {
  const { scope } = listed(host, searchFor(settings));
  return { scope, found: [], blind: new TableScope(host), learn: undefined };
}

/**
 * The tables that the options list, or those that have the column, as the database knows them.
 *
 * @throws {PluginValidationError} where the options name what is not there, or nothing has the column
 */
export async function checkedTables(host: PluginHost, settings: Settings): Promise<Tables> {
  const { scope, found, learn } = await findTables(host, searchFor(settings));
  const { tables, deletedAtColumn, logger } = settings;
  const names = new TableScope(host);
  const isBlind = (table: Relation): boolean =>
    settings.visibleValue === null &&
    table.columns.find(({ name }) => names.isColumn(deletedAtColumn, name))?.isNullable === false;
  const byKey = new Map<string, Relation[]>();
  for (const table of found) listAt(byKey, names.keyOf(table.name)).push(table);
  for (const entry of tables ?? []) {
    const key = host.physicalName(parseTableName(entry).name);
    const named = (byKey.get(key) ?? []).filter((table) => names.isNamed(entry, table));
    if (named.length > 0 && named.every(isBlind)) throw failure(blindness(entry, deletedAtColumn));
  }
  const blind = new TableScope(host);
  if (tables !== undefined) return { scope, found, blind, learn: undefined };
  logger?.debug(`Soft delete applies to ${found.map(qualifiedName).join(", ")}`);
  const byName = new Map<string, Relation[]>();
  for (const table of found) listAt(byName, table.name).push(table);
  for (const twins of byName.values()) {
    if (twins.every(isBlind)) { for (const table of twins) blind.addFound(table, true); }
  }
  return {
    scope,
    found,
    blind,
    learn(table, relations) {
      learn(table, relations);
      const counted = relations.filter((relation) => scope.has(relation));
      blind.learn(table, counted, () => counted.every(isBlind));
    },
  };
}

function listAt(lists: Map<string, Relation[]>, key: string): Relation[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, list = []);
  return list;
}

function searchFor({ tables, excludeTables, deletedAtColumn, check }: Settings): TableSearch {
  return { plugin: PLUGIN_NAME, tables, excludeTables, columns: { deletedAtColumn }, check };
}

/** Why a table would show nothing. */
export function blindness(table: string, column: string): string {
  return `column "${column}" of table "${table}" is never null, so no row of it would be visible; ` +
    `say with "visibleValue" what a row holds that is not deleted, or exclude the table`;
}

function failure(problem: string): PluginValidationError {
  return new PluginValidationError(
    `Cannot start plugin "${PLUGIN_NAME}": ${problem}`,
    "INITIALIZATION_FAILED",
    { pluginName: PLUGIN_NAME },
  );
}
