import type { Kysely, Transaction } from "kysely";
import { copyAttributes } from "../tree/_attributes.ts";
import { instanceOf, leave, mustBeInstance, withScope } from "../instance/_graft.ts";
import type { ExecutorOf } from "../contract/executor_of.ts";
import { isBranded, type KyseraExecutorMarker } from "../instance/executor_type.ts";
import type { Attributes, Plugin, PluginHooks } from "../contract/plugin.ts";

/**
 * Whether a value is an executor, a transaction of one, or any other handle with plugins in it.
 *
 * @param value anything
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, isKyseraExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * equal(isKyseraExecutor(executor), true);
 * equal(isKyseraExecutor(executor.withSchema("main")), true);
 * equal(isKyseraExecutor(db), false);
 * ```
 */
export function isKyseraExecutor(value: unknown): value is Kysely<any> & KyseraExecutorMarker {
  return instanceOf(value) !== undefined;
}

/**
 * The plugins of a handle, in the order they run in.
 *
 * @param executor the executor, or any handle of it; of a plain Kysely the list is empty
 * @returns a frozen list
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getPlugins } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [
 *   { name: "log", version: "1.0.0" },
 *   { name: "guard", version: "1.0.0", priority: 10 },
 * ]);
 * deepEqual(getPlugins(executor).map((plugin) => plugin.name), ["guard", "log"]);
 * ```
 */
export function getPlugins(executor: Kysely<any>): readonly Plugin[] {
  return instanceOf(executor)?.state.set.plugins ?? [];
}

/**
 * The hooks of one plugin as they are for this executor: what its `setup` returned. For functions of
 * the plugin that need what it found out about the database.
 *
 * @param executor the executor, or any handle of it
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
 * The way past the plugins: the database that the executor was made of. For a transaction it is the
 * same transaction without the plugins.
 *
 * @param executor the executor, or any handle of it; a plain Kysely is given back as it is
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getRawDb } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * await executor.transaction().execute(async (trx) => {
 *   // What is done with it is rolled back with the transaction.
 *   equal(getRawDb(trx).isTransaction, true);
 * });
 * ```
 */
export function getRawDb<DB>(
  executor: ExecutorOf<DB> & { readonly isTransaction: true },
): Transaction<DB>;
/**
 * The way past the plugins: the database that the executor was made of.
 *
 * @param executor the executor, or any handle of it; a plain Kysely is given back as it is
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getRawDb } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * equal(getRawDb(executor), db);
 * ```
 */
export function getRawDb<DB>(executor: ExecutorOf<DB>): Kysely<DB>;
export function getRawDb(executor: Kysely<any>): Kysely<any> {
  if (isBranded(executor)) return executor.__rawDb;
  return instanceOf(executor) === undefined ? executor : leave(executor);
}

/**
 * A handle whose queries run for one caller. The values are copied and frozen: what happens to the
 * object afterwards changes nothing. Objects that are no plain data (class instances, functions) are
 * kept as they are.
 *
 * @param executor the executor, a transaction of it, or another handle
 * @param context who is asking: what the plugins' filters and stamps look at
 * @returns a new handle of the same kind, on the same connection; cheap
 * @throws {ExecutorError} where the value is no executor, or the context is no object
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [{
 *   name: "owner",
 *   version: "1.0.0",
 *   filter: (users, { eb, context }) => eb(users.column("id"), "=", context?.["userId"]),
 * }]);
 * const one = bindContext(executor, { userId: 1 });
 * deepEqual(one.selectFrom("users").selectAll().compile().parameters, [1]);
 * ```
 */
export function bindContext<K extends Kysely<any>>(executor: K, context: object): K {
  const { metadata } = mustBeInstance(executor, "bind a context").rules.request;
  return withScope(executor, { context: copyAttributes(context, "bind a context"), metadata });
}

/**
 * The context bound to a handle.
 *
 * @param executor the executor, or any handle of it
 * @returns the frozen copy, or `undefined` where none was bound
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor, getContext } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * deepEqual(getContext(bindContext(executor, { userId: 1 })), { userId: 1 });
 * ```
 */
export function getContext(executor: Kysely<any>): Attributes | undefined {
  return instanceOf(executor)?.rules.request.context;
}

/**
 * A handle with flags that plugins look at, such as soft delete's `includeDeleted`. They are added
 * to those the handle has.
 *
 * @param executor the executor, a transaction of it, or another handle
 * @param flags the flags; `undefined` takes one away
 * @returns a new handle of the same kind, on the same connection; cheap
 * @throws {ExecutorError} where the value is no executor, or the flags are no object
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, withMetadata } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [{
 *   name: "visible",
 *   version: "1.0.0",
 *   filter: (users, { eb, metadata }) =>
 *     metadata["all"] === true ? undefined : eb(users.column("hidden"), "=", 0),
 * }]);
 * const all = withMetadata(executor, { all: true });
 * equal(all.selectFrom("users").selectAll().compile().sql, `select * from "users"`);
 * ```
 */
export function withMetadata<K extends Kysely<any>>(executor: K, flags: object): K {
  const { request } = mustBeInstance(executor, "set the flags of a handle").rules;
  const merged = { ...request.metadata, ...copyAttributes(flags, "set the flags of a handle") };
  const metadata = Object.fromEntries(
    Object.entries(merged).filter(([, value]) => value !== undefined),
  );
  return withScope(executor, { context: request.context, metadata: Object.freeze(metadata) });
}

/**
 * The flags of a handle.
 *
 * @param executor the executor, or any handle of it
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getMetadata, withMetadata } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * deepEqual(getMetadata(withMetadata(executor, { all: true })), { all: true });
 * ```
 */
export function getMetadata(executor: Kysely<any>): Attributes {
  return instanceOf(executor)?.rules.request.metadata ?? {};
}
