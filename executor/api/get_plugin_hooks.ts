import type { Kysely } from "kysely";
import type { PluginHooks } from "../contract/plugin.ts";
import { instanceOf } from "../instance/_graft.ts";

/**
 * Returns the hooks of one plugin as they are for this executor: what its `setup` returned. For functions of
 * the plugin that need what it found out about the database.
 *
 * @param executor the executor, or any instance of it
 * @param plugin the plugin's name
 * @returns one for each layer of executors that has the plugin; empty where none has
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getPluginHooks, type PluginHooks } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * interface CounterHooks extends PluginHooks {
 *   readonly tables: number;
 * }
 * const counter = {
 *   name: "counter",
 *   version: "1.0.0",
 *   setup: async (host: { tables(): Promise<readonly unknown[]> }): Promise<CounterHooks> => ({
 *     tables: (await host.tables()).length,
 *   }),
 * };
 * const executor = await createExecutor(db, [counter]);
 * const hooks = getPluginHooks(executor, "counter") as readonly Partial<CounterHooks>[];
 * equal(hooks.at(-1)?.tables, 0);
 * ```
 */
export function getPluginHooks(executor: Kysely<any>, plugin: string): readonly PluginHooks[] {
  const hooks = instanceOf(executor)?.state.set.hooks ?? [];
  return hooks.filter((named) => named.plugin === plugin).map((named) => named.hooks);
}
