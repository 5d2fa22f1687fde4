import type { Plugin } from "@kysera/executor";
import { Recorder, rowsOf, type Run } from "./_recorder.ts";
import { register } from "./_recorders.ts";
import type { DebugOptions } from "./options.ts";
import type { QueryRecord } from "./query_record.ts";

const PLUGIN_NAME = "@kysera/debug";

/** The plugin that `withDebug` uses. */
export interface DebugPlugin extends Plugin {
  /**
   * The last queries, the oldest first.
   *
   * @returns a new list
   */
  getMetrics(): QueryRecord[];
  /** Forgets them. */
  clearMetrics(): void;
}

/**
 * Logs, measures and judges every query of an executor. It runs innermost: it sees the SQL that is
 * sent.
 *
 * @param options see {@linkcode DebugOptions}
 * @returns the plugin, for `createExecutor`
 * @throws {TypeError} for an unknown option
 *
 * @example
 * ```ts
 * import { debugPlugin } from "@kysera/debug";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer)");
 * const db = new Kysely<{ users: { id: number } }>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const debug = debugPlugin({ logQueries: false });
 * const executor = await createExecutor(db, [debug]);
 * await executor.selectFrom("users").selectAll().execute();
 * assert.equal(debug.getMetrics()[0]?.sql, 'select * from "users"');
 * await db.destroy();
 * ```
 */
export function debugPlugin(options: DebugOptions = {}): DebugPlugin {
  const recorder = new Recorder(options);
  const plugin: DebugPlugin = {
    name: PLUGIN_NAME,
    version: "0.9.0",
    priority: -100,
    appliesTo: () => false,
    async aroundQuery(query, next, scope) {
      const run: Run = {
        query,
        dialect: scope.dialect,
        inTransaction: scope.inTransaction,
        connection: scope.connection,
      };
      const start = recorder.now();
      let result: Awaited<ReturnType<typeof next>>;
      try {
        result = await next(query);
      } catch (error) {
        await recorder.note(run, start, { error });
        throw error;
      }
      await recorder.note(run, start, { rows: rowsOf(result) });
      return result;
    },
    async *aroundStream(query, next, { dialect }) {
      // The connection is busy with the stream, and is not ours: no plan is asked for on it.
      const run: Run = { query, dialect, inTransaction: false, connection: undefined };
      const start = recorder.now();
      let rows = 0;
      let outcome: { readonly error: unknown } | undefined;
      try {
        for await (const chunk of next(query)) {
          rows += chunk.rows.length;
          yield chunk;
        }
      } catch (error) {
        outcome = { error };
        throw error;
      } finally {
        await recorder.note(run, start, outcome ?? { rows });
      }
    },
    getMetrics: () => recorder.metrics.toArray(),
    clearMetrics: () => recorder.metrics.clear(),
  };
  register(plugin, recorder);
  return plugin;
}
