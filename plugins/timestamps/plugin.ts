import type { PluginHooks, PluginHost } from "@kysera/executor";
import { checkedTables, listedTables } from "./_find_tables.ts";
import { TimestampsHooks } from "./_hooks.ts";
import { extend } from "./_repository.ts";
import { PLUGIN_NAME, readOptions } from "./_settings.ts";
import type { TimestampsOptions } from "./options.ts";
import type { TimestampsPlugin } from "./repository_methods.ts";

/**
 * Sets the columns that say when, and by whom, a row was made and last changed, on every write of an
 * executor: INSERT of one row, of many and from a SELECT, UPDATE, upserts, MERGE, and whatever other
 * plugins make an UPDATE of.
 *
 * One plugin may be given to several executors, of different databases as well.
 *
 * @param options see {@linkcode TimestampsOptions}
 * @returns the plugin, for `createExecutor`; for `createExecutorSync` and `wrapTransaction` the option
 * `tables` is needed, and taken at its word
 * @throws {PluginValidationError} where an option is unknown or has a value it cannot have
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { timestampsPlugin } from "@kysera/timestamps";
 * import { type Generated, Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   users: {
 *     id: Generated<number>;
 *     name: string;
 *     created_at: Generated<string>;
 *     updated_at: Generated<string>;
 *     updated_by: Generated<number | null>;
 *   };
 * }
 *
 * const db = new Kysely<Database>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users")
 *   .addColumn("id", "integer", (column) => column.primaryKey())
 *   .addColumn("name", "text")
 *   .addColumn("created_at", "text", (column) => column.notNull())
 *   .addColumn("updated_at", "text", (column) => column.notNull())
 *   .addColumn("updated_by", "integer")
 *   .execute();
 *
 * const executor = await createExecutor(db, [timestampsPlugin({ updatedByColumn: "updated_by" })]);
 * const own = bindContext(executor, { auth: { userId: 7 } });
 * await own.insertInto("users").values([{ name: "Ada" }, { name: "Grace" }]).execute();
 *
 * const [ada, grace] = await executor.selectFrom("users").selectAll().execute();
 * assert.equal(ada?.updated_by, 7);
 * assert.equal(ada?.created_at, ada?.updated_at);
 * assert.equal(ada?.created_at, grace?.created_at);
 * await db.destroy();
 * ```
 */
export function timestampsPlugin(options: TimestampsOptions = {}): TimestampsPlugin {
  const settings = readOptions(options);
  return {
    name: PLUGIN_NAME,
    version: "0.9.0",
    priority: 0,
    extendRepository: extend,
    extendsAlike: true,
    setup(host: PluginHost): PluginHooks | Promise<PluginHooks> {
      return host.canWait || settings.tables === undefined
        ? checkedTables(host, settings).then((tables) =>
          new TimestampsHooks(host, settings, tables)
        )
        : new TimestampsHooks(host, settings, listedTables(host, settings));
    },
  };
}
