import { type ExecutorOf, getRawDb } from "@kysera/executor";
import type { Kysely, RootOperationNode } from "kysely";

/** The SQL of one query, without and with the plugins of an executor. */
export interface PluginEffect {
  /** As it would be without them. */
  readonly before: string;
  /** As it is sent. */
  readonly after: string;
  /** Whether they changed anything. */
  readonly changed: boolean;
}

/** A query that was built, and not run. */
export interface BuiltQuery {
  /** Kysely's tree of it. */
  toOperationNode(): RootOperationNode;
  /** Compiles it. */
  compile(): { readonly sql: string };
}

/**
 * Tells what the plugins of an executor did to a query.
 *
 * @param executor the executor, or an instance of it
 * @param build builds the query on the instance that it is given
 * @returns the SQL without and with the plugins; no value is in it
 * @throws what a plugin refuses the query with
 *
 * @example
 * ```ts
 * import { explainPlugins } from "@kysera/debug";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; active: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [{
 *   name: "active-only",
 *   version: "1.0.0",
 *   filter: (users, { eb }) => eb(users.column("active"), "=", 1),
 * }]);
 *
 * const effect = explainPlugins(executor, (db) => db.selectFrom("users").select("id"));
 * assert.equal(effect.before, 'select "id" from "users"');
 * assert.equal(effect.after, 'select "id" from "users" where "users"."active" = ?');
 * ```
 */
export function explainPlugins<DB>(
  executor: ExecutorOf<DB>,
  build: (db: Kysely<DB>) => BuiltQuery,
): PluginEffect {
  const before = build(getRawDb<DB>(executor)).compile().sql;
  const after = build(executor).compile().sql;
  return { before, after, changed: before !== after };
}
