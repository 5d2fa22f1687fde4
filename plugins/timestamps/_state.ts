import { getPluginHooks, missingPlugin, physicalTable } from "@kysera/executor";
import type { Kysely } from "kysely";
import { TimestampsHooks } from "./_hooks.ts";
import { type ColumnOption, PLUGIN_NAME } from "./_settings.ts";
import { TimestampsError } from "./errors.ts";

/** The plugin as it is for an executor, one for each layer that has it. @throws {TimestampsError} */
export function mustHavePlugin(executor: Kysely<any>, action: string): readonly TimestampsHooks[] {
  const hooks = getPluginHooks(executor, PLUGIN_NAME)
    .filter((hooks): hooks is TimestampsHooks => hooks instanceof TimestampsHooks);
  if (hooks.length > 0) return hooks;
  throw new TimestampsError(
    `Cannot ${action}: ${missingPlugin(executor, PLUGIN_NAME, "timestampsPlugin()")}`,
    "NO_TIMESTAMPS_PLUGIN",
  );
}

/** A column of a table, and the plugin that sets it. */
export interface StampedColumn {
  readonly plugin: TimestampsHooks;
  readonly column: string;
}

/** The column of a table, where the plugin sets it. */
export function findColumn(
  executor: Kysely<any>,
  table: string,
  option: ColumnOption,
  action: string,
): StampedColumn | undefined {
  const id = physicalTable(executor, table);
  for (const plugin of mustHavePlugin(executor, action)) {
    const column = plugin.columnsOf(id)[option];
    if (column !== undefined) return { plugin, column };
  }
  return undefined;
}

/** The column of a table. @throws {TimestampsError} where the plugin sets none */
export function mustHaveColumn(
  executor: Kysely<any>,
  table: string,
  option: ColumnOption,
  action: string,
): StampedColumn {
  const found = findColumn(executor, table, option, action);
  if (found !== undefined) return found;
  throw new TimestampsError(
    `Cannot ${action} rows of "${table}": timestamps do not apply to this table, or it has no such ` +
      `column; give it the column of "${option}", or add it to the option "tables"`,
    "NOT_A_TIMESTAMPED_TABLE",
  );
}
