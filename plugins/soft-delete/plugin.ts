import type { PluginHooks, PluginHost } from "@kysera/executor";
import { checkedTables, listedTables } from "./_find_tables.ts";
import { SoftDeleteHooks } from "./_hooks.ts";
import { extend } from "./_repository.ts";
import { PLUGIN_NAME, readOptions, type Settings } from "./_settings.ts";
import type { SoftDeleteOptions } from "./options.ts";
import type { SoftDeletePlugin } from "./repository_methods.ts";

/**
 * Hides the rows that are marked as deleted from every query of an executor: a SELECT does not find
 * them, an UPDATE or DELETE does not touch them, an upsert does not change them.
 *
 * One plugin may be given to several executors, of different databases as well.
 *
 * @param options see {@linkcode SoftDeleteOptions}
 * @returns the plugin, for `createExecutor`; for `createExecutorSync` and `wrapTransaction` the option
 * `tables` is needed, and taken at its word
 * @throws {PluginValidationError} where an option is unknown or has a value it cannot have
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   users: { id: number; name: string; deleted_at: string | null };
 * }
 *
 * const db = new Kysely<Database>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users")
 *   .addColumn("id", "integer", (column) => column.primaryKey())
 *   .addColumn("name", "text")
 *   .addColumn("deleted_at", "text")
 *   .execute();
 *
 * const executor = await createExecutor(db, [softDeletePlugin()]);
 * await executor.insertInto("users").values([
 *   { id: 1, name: "Ada", deleted_at: null },
 *   { id: 2, name: "Grace", deleted_at: null },
 * ]).execute();
 *
 * assert.equal(await softDelete(executor, "users", 1), 1);
 * assert.deepEqual(await executor.selectFrom("users").select("name").execute(), [{ name: "Grace" }]);
 * await db.destroy();
 * ```
 */
export function softDeletePlugin(options: SoftDeleteOptions = {}): SoftDeletePlugin {
  const settings = readOptions(options);
  return {
    name: PLUGIN_NAME,
    version: "0.9.0",
    priority: 0,
    extendRepository: extend,
    extendsAlike: true,
    setup(host: PluginHost): PluginHooks | Promise<PluginHooks> {
      return host.canWait || settings.tables === undefined || settings.relations === undefined
        ? setUp(host, settings)
        : new SoftDeleteHooks(host, settings, listedTables(host, settings));
    },
  };
}

async function setUp(host: PluginHost, settings: Settings): Promise<PluginHooks> {
  const tables = await checkedTables(host, settings);
  const keys = settings.relations === undefined ? await host.foreignKeys() : [];
  return new SoftDeleteHooks(host, settings, tables, keys);
}
