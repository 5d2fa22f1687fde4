import type { PluginHooks, PluginHost } from "@kysera/executor";
import { PLUGIN_NAME, readOptions } from "../contract/_settings.ts";
import type { AuditOptions } from "../contract/options.ts";
import { prepareTables } from "../log/_prepare_tables.ts";
import { strategyOf } from "../strategies/_strategies.ts";
import { checkKeys } from "../write/_check_keys.ts";
import { AuditHooks } from "../write/_hooks.ts";
import { extend } from "./_repository.ts";
import type { AuditPlugin } from "./repository_methods.ts";

/**
 * Writes each change of a row down in a table of its own: by an INSERT, UPDATE, DELETE, upsert or
 * MERGE of an executor, in the transaction of the write. Where the entry cannot be written, the write
 * is not done.
 *
 * With `mode: "trigger"`, triggers of the database write the entries; `createAuditTriggers` creates them.
 *
 * One plugin may be given to several executors, of different databases as well.
 *
 * The table is created with the executor if it is missing; see the option `createTable`. Through an
 * executor with the plugin it is append-only.
 *
 * @param options see {@linkcode AuditOptions}
 * @returns the plugin, for `createExecutor`
 * @throws {PluginValidationError} where an option is unknown or has a value it cannot have
 *
 * @example
 * ```ts
 * import { auditPlugin, getAuditLogs } from "@kysera/audit";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const executor = await createExecutor(db, [auditPlugin()]);
 * const ada = bindContext(executor, { auth: { userId: "ada" } });
 * await ada.insertInto("users").values({ id: 1, name: "Grace" }).execute();
 * await ada.updateTable("users").set({ name: "Grace Hopper" }).where("id", "=", 1).execute();
 *
 * const [latest] = await getAuditLogs(executor, { table: "users" });
 * assert.equal(latest?.operation, "UPDATE");
 * assert.equal(latest.changed_by, "ada");
 * assert.deepEqual(latest.old_values, { id: 1, name: "Grace" });
 * assert.deepEqual(latest.new_values, { id: 1, name: "Grace Hopper" });
 * await db.destroy();
 * ```
 */
export function auditPlugin(options: AuditOptions = {}): AuditPlugin {
  const settings = readOptions(options);
  return {
    name: PLUGIN_NAME,
    version: "0.9.0",
    // Last: it then sees, and writes down, what the others have made of a query.
    priority: -1_000,
    extendRepository: extend,
    extendsAlike: true,
    setup(host: PluginHost): PluginHooks | Promise<PluginHooks> {
      const hooks = new AuditHooks(host, settings);
      // Without waiting nothing can be asked: the table is then taken to be there.
      const isAsked = host.canWait || settings.createTable === true;
      const strategy = strategyOf(host.dialect);
      if (!isAsked || strategy === undefined) return hooks;
      return prepareTables(host, strategy, settings, hooks.tables.auditTable)
        .then(() => host.canWait ? checkKeys(host, settings, hooks.tables) : undefined)
        .then(() => host.canWait ? hooks.triggers() : undefined)
        .then((triggers) => triggers?.checkListed(host))
        .then(() => hooks);
    },
  };
}

/** {@linkcode auditPlugin}, which finds out the database itself. */
export const auditPluginPostgreSQL: typeof auditPlugin = auditPlugin;
/** {@linkcode auditPlugin}, which finds out the database itself. */
export const auditPluginMySQL: typeof auditPlugin = auditPlugin;
/** {@linkcode auditPlugin}, which finds out the database itself. */
export const auditPluginSQLite: typeof auditPlugin = auditPlugin;
