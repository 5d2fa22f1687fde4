import { getPluginHooks, missingPlugin, physicalTable } from "@kysera/executor";
import type { Kysely } from "kysely";
import { SoftDeleteHooks } from "./_hooks.ts";
import { PLUGIN_NAME } from "./_settings.ts";
import { SoftDeleteError } from "./errors.ts";

/** The plugins of an executor, one for each layer that has it. */
export function softDeleteHooksOf(executor: Kysely<any>): readonly SoftDeleteHooks[] {
  return getPluginHooks(executor, PLUGIN_NAME)
    .filter((hooks): hooks is SoftDeleteHooks => hooks instanceof SoftDeleteHooks);
}

/** The plugin as it is for an executor, one for each layer that has it. @throws {SoftDeleteError} */
export function mustHavePlugin(executor: Kysely<any>, action: string): readonly SoftDeleteHooks[] {
  const hooks = softDeleteHooksOf(executor);
  if (hooks.length > 0) return hooks;
  throw new SoftDeleteError(
    `Cannot ${action}: ${missingPlugin(executor, PLUGIN_NAME, "softDeletePlugin()")}`,
    "NO_SOFT_DELETE_PLUGIN",
  );
}

/** The plugin that a table is soft-deleted by. @throws {SoftDeleteError} */
export function mustBeSoftDeleted(
  executor: Kysely<any>,
  table: string,
  action: string,
): SoftDeleteHooks {
  const id = physicalTable(executor, table);
  const hooks = mustHavePlugin(executor, action).find((hooks) => hooks.appliesTo(id));
  if (hooks !== undefined) return hooks;
  throw new SoftDeleteError(
    `Cannot ${action} rows of "${table}": soft delete does not apply to this table; give it the ` +
      `column, or add it to the option "tables"`,
    "NOT_A_SOFT_DELETED_TABLE",
  );
}

/** The error for a key that is none. */
export function invalidKey(message: string): SoftDeleteError {
  return new SoftDeleteError(message, "INVALID_KEY");
}
