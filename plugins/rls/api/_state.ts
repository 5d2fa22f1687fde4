import { getPluginHooks, missingPlugin } from "@kysera/executor";
import type { Kysely } from "kysely";
import { RLSHooks } from "../enforce/_hooks.ts";
import { PLUGIN_NAME } from "../enforce/_settings.ts";
import { RLSSchemaError } from "../contract/errors.ts";

/** The plugin as it is for an executor, one for each layer that has it. @throws {RLSSchemaError} */
export function mustHavePlugin(executor: Kysely<any>, action: string): readonly RLSHooks[] {
  const hooks = getPluginHooks(executor, PLUGIN_NAME)
    .filter((hooks): hooks is RLSHooks => hooks instanceof RLSHooks);
  if (hooks.length > 0) return hooks;
  throw new RLSSchemaError(
    "",
    `cannot ${action}: ${missingPlugin(executor, PLUGIN_NAME, "rlsPlugin({ schema })")}`,
  );
}
