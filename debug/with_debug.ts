import {
  createExecutorSync,
  type ExecutorOf,
  type KyseraExecutor,
  type Plugin,
} from "@kysera/executor";
import { type DebugPlugin, debugPlugin } from "./debug_plugin.ts";
import type { DebugOptions } from "./options.ts";

/** A database whose queries are logged, measured and judged. */
export type DebugDatabase<DB> =
  & KyseraExecutor<DB>
  & Pick<DebugPlugin, "getMetrics" | "clearMetrics">;

/**
 * A handle of a database whose queries are logged, measured and judged: those of its transactions,
 * connections and other handles as well. The database that it is made of is not changed.
 *
 * Parameters are neither kept nor logged, unless `logParams` asks for it.
 *
 * @param db the database, or an executor, whose plugins stay
 * @param options see {@linkcode DebugOptions}
 * @returns the handle
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
export function withDebug<DB>(db: ExecutorOf<DB>, options: DebugOptions = {}): DebugDatabase<DB> {
  const plugin = debugPlugin(options);
  const { getMetrics, clearMetrics } = plugin;
  return Object.assign(createExecutorSync<DB, readonly Plugin[]>(db, [plugin]), {
    getMetrics,
    clearMetrics,
  });
}
