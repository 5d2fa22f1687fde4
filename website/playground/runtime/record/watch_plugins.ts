import { getPluginHooks, type PluginHooks } from "@kysera/executor";
import type { Kysely } from "kysely";

/**
 * Tells which plugins send something else than the executor has compiled: those that run around a
 * query may add to it.
 *
 * @param executor the executor, whose hooks are watched from now on
 * @param plugins the names of its plugins
 * @param extended called with the plugin and the id of the query
 */
export function watchPlugins(
  executor: Kysely<any>,
  plugins: readonly string[],
  extended: (plugin: string, queryId: string) => void,
): void {
  for (const plugin of plugins) {
    for (const hooks of getPluginHooks(executor, plugin)) watchHooks(plugin, hooks, extended);
  }
}

function watchHooks(
  plugin: string,
  hooks: PluginHooks,
  extended: (plugin: string, queryId: string) => void,
): void {
  const { aroundQuery } = hooks;
  if (aroundQuery === undefined || !Object.isExtensible(hooks)) return;
  const watched: typeof aroundQuery = (query, next, scope) =>
    aroundQuery.call(
      hooks,
      query,
      (changed) => {
        if (changed.sql !== query.sql) extended(plugin, query.queryId.queryId);
        return next(changed);
      },
      scope,
    );
  // The hooks were made for this run, and the executor looks the method up for each query.
  Object.defineProperty(hooks, "aroundQuery", { value: watched, configurable: true });
}
