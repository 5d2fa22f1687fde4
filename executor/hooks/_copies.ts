import type { NamedHooks } from "../contract/_call_hook.ts";
import { callHook } from "../contract/_call_hook.ts";
import { CopiedRowsError } from "../contract/errors.ts";
import type { Attributes, PluginHooks } from "../contract/plugin.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { PluginSet } from "./_plugin_set.ts";

/**
 * Returns the hooks of a table, with a refusal of every query where a plugin keeps copies of rows in
 * the table and no plugin with policies names it.
 *
 * @param hooks the hooks that apply to the table
 * @param spellings the names that the table may be known by
 * @param set the plugins of the executor
 * @param metadata the flags of the executor instance
 */
export function withCopiesClosed(
  hooks: readonly NamedHooks[],
  spellings: readonly TableId[],
  { keepers, governors }: PluginSet,
  metadata: Attributes,
): readonly NamedHooks[] {
  if (keepers.length === 0 || governors.length === 0) return hooks;
  const kept = keepers.flatMap(({ plugin, hooks: keeper }) =>
    spellings.flatMap((table) => {
      const answer = callHook(plugin, "copies", () => keeper.copies!(table, metadata));
      return answer === undefined ? [] : [{ plugin, answer }];
    })
  );
  if (kept.length === 0) return hooks;
  const isNamed = governors.some(({ plugin, hooks: governor }) =>
    spellings.some((table) => callHook(plugin, "governs", () => governor.governs!(table)))
  );
  if (isNamed) return hooks;
  const others = hooks.filter((named) => !governors.includes(named));
  const closed = kept.find(({ answer }) => answer === "closed");
  if (closed === undefined) return others;
  return [...others, { plugin: closed.plugin, hooks: refusal(closed.plugin, governors) }];
}

/** Returns hooks that refuse a table, unless no policy is meant for the caller. */
function refusal(keeper: string, governors: readonly NamedHooks[]): PluginHooks {
  return {
    stable: true,
    filter({ physicalName: name, schema, table }, context) {
      const isExempt = governors.every(({ plugin, hooks }) =>
        callHook(plugin, "governs", () => hooks.governs!({ name, schema }, context))
      );
      if (isExempt) return undefined;
      throw new CopiedRowsError(table, keeper, governors[0]!.plugin);
    },
  };
}
