import type { Kysely } from "kysely";
import type { PluginHooks } from "../contract/plugin.ts";
import { instanceOf } from "../instance/_graft.ts";

/**
 * Returns the hooks of one plugin as they are for this executor: what its `setup` returned. For
 * functions of the plugin that need what it found out about the database.
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

/**
 * Says why a function of a plugin does not find its hooks in an executor, for the error that it throws:
 * there is no such plugin, or it is one of another copy of the plugin's package.
 *
 * @param executor the executor
 * @param plugin the plugin's name, which is that of its package
 * @param make how the plugin is made, such as `"softDeletePlugin()"`
 * @returns the rest of an error's message
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, missingPlugin } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * equal(
 *   missingPlugin(await createExecutor(db, []), "@acme/counter", "counterPlugin()"),
 *   'this executor has no plugin "@acme/counter"; make one with createExecutor(db, [counterPlugin()])',
 * );
 * await db.destroy();
 * ```
 */
export function missingPlugin(executor: Kysely<any>, plugin: string, make: string): string {
  return getPluginHooks(executor, plugin).length === 0
    ? `this executor has no plugin "${plugin}"; make one with createExecutor(db, [${make}])`
    : `the plugin "${plugin}" of this executor was made by another copy of the package, and two ` +
      `copies do not know each other; have one: look for a second with npm ls ${plugin}, and keep ` +
      "a bundler from copying the package into each of its outputs";
}
