import {
  createExecutorSync,
  type ExecutorOf,
  type KyseraExecutor,
  type Plugin,
  type PluginCarrier,
} from "@kysera/executor";
import { type DebugPlugin, debugPlugin } from "./debug_plugin.ts";
import type { DebugOptions } from "./options.ts";

/** A database whose queries are logged, measured and judged. It keeps the plugins of an executor. */
export type DebugDatabase<DB, P extends readonly Plugin[] = readonly Plugin[]> =
  & KyseraExecutor<DB, P>
  & Pick<DebugPlugin, "getMetrics" | "clearMetrics">;

/**
 * Returns an instance of a database whose queries are logged, measured and judged: those of its
 * transactions, connections and other instances as well. The database that it is made of is not
 * changed.
 *
 * Parameters are neither kept nor logged, unless `logParams` asks for it.
 *
 * @param db the database, or an executor, whose plugins stay
 * @param options see {@linkcode DebugOptions}
 * @returns the instance
 * @throws {TypeError} for an unknown option
 *
 * @example
 * ```ts
 * import { withDebug } from "@kysera/debug";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer)");
 * const db = new Kysely<{ users: { id: number } }>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const debugDb = withDebug(db, { logQueries: true, slowQueryThreshold: 100 });
 * await debugDb.selectFrom("users").selectAll().where("id", "=", 1).execute();
 * const [query] = debugDb.getMetrics();
 * assert.equal(query?.summary, "SELECT users");
 * assert.equal(query?.params, undefined);
 * await db.destroy();
 * ```
 */
export function withDebug<DB, const P extends readonly Plugin[] = readonly Plugin[]>(
  db: ExecutorOf<DB> & PluginCarrier<P>,
  options: DebugOptions = {},
): DebugDatabase<DB, P> {
  const plugin = debugPlugin(options);
  const { getMetrics, clearMetrics } = plugin;
  // Its plugins are those of the executor, and one that adds nothing to repositories.
  const executor: unknown = createExecutorSync<DB, readonly Plugin[], P>(db, [plugin]);
  return Object.assign(executor as KyseraExecutor<DB, P>, { getMetrics, clearMetrics });
}
