import type { KyseraExecutor } from "../instance/executor_type.ts";
import type { PluginCarrier } from "../instance/instance_types.ts";
import type { AnyKysely } from "../contract/any_kysely.ts";
import type { Plugin } from "../contract/plugin.ts";
import { validateList } from "../contract/_validate_hooks.ts";
import { create, type ExecutorConfig, mustBeKysely, refuseUnknown } from "./create_executor.ts";

/** A database, or a function that creates it when it is needed. */
export type LazyDatabase<DB, Q extends readonly Plugin[] = readonly Plugin[]> =
  | (AnyKysely<DB> & PluginCarrier<Q>)
  | (() => (AnyKysely<DB> & PluginCarrier<Q>) | Promise<AnyKysely<DB> & PluginCarrier<Q>>);

/** Creates an executor at the first call, and returns the same one from then on. */
export type LazyExecutor<DB, P extends readonly Plugin[] = readonly Plugin[]> = () => Promise<
  KyseraExecutor<DB, P>
>;

/** What {@linkcode createExecutor} is: a function, with one more. */
export interface CreateExecutor {
  /**
   * Returns a copy of a Kysely instance with plugins, to which every query of the copy is subject,
   * whichever builder, transaction, connection or stream it comes from.
   *
   * @param db the database; it is not changed. An executor may be given as well: its plugins and its
   * context are kept, and the new ones come after
   * @param plugins the plugins; they run by dependency, then priority, then in this order
   * @param options see {@linkcode ExecutorConfig}
   * @returns the executor, when every plugin is ready
   * @throws {PluginValidationError} where the plugins cannot work together or one cannot start; those
   * that had started are destroyed again
   * @throws {ExecutorError} if `db` is not a Kysely instance, or an option is unknown
   *
   * @example
   * ```ts
   * import { createExecutor } from "@kysera/executor";
   * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
   * import { equal } from "node:assert/strict";
   *
   * const db = new Kysely<{ users: { id: number; active: number } }>({
   *   dialect: {
   *     createAdapter: () => new SqliteAdapter(),
   *     createDriver: () => new DummyDriver(),
   *     createIntrospector: (db) => new SqliteIntrospector(db),
   *     createQueryCompiler: () => new SqliteQueryCompiler(),
   *   },
   * });
   * const executor = await createExecutor(db, [{
   *   name: "active-only",
   *   version: "1.0.0",
   *   filter: (users, { eb }) => eb(users.column("active"), "=", 1),
   * }]);
   * equal(
   *   executor.selectFrom("users as u").select("u.id").compile().sql,
   *   `select "u"."id" from "users" as "u" where "u"."active" = ?`,
   * );
   * ```
   */
  <
    DB,
    const P extends readonly Plugin[],
    const Q extends readonly Plugin[] = readonly [],
  >(
    db: AnyKysely<DB> & PluginCarrier<Q>,
    plugins?: P,
    options?: ExecutorConfig,
  ): Promise<KyseraExecutor<DB, readonly [...Q, ...P]>>;
  /**
   * Returns a function that creates an executor when it is first called, and returns the same one from
   * then on: for a module that is loaded where there is no database, as the builds of web frameworks
   * load those of a server. Where creating it fails, the next call tries again.
   *
   * @param db the database, or a function that creates it
   * @param plugins the plugins
   * @param options see {@linkcode ExecutorConfig}
   * @returns the function; it throws what createExecutor() throws
   * @throws {ExecutorError} where `db` is neither, or an option is unknown
   * @throws {PluginValidationError} where the plugins are not a list of plugins
   *
   * @example
   * ```ts
   * import { nodeSqliteDialect } from "@kysera/dialects";
   * import { createExecutor } from "@kysera/executor";
   * import { Kysely } from "kysely";
   * import { deepEqual } from "node:assert/strict";
   * import { DatabaseSync } from "node:sqlite";
   *
   * // db.ts: loading it opens nothing.
   * const executor = createExecutor.lazy(() => {
   *   const database = new DatabaseSync(":memory:");
   *   database.exec("create table users (id integer primary key)");
   *   return new Kysely<{ users: { id: number } }>({ dialect: nodeSqliteDialect({ database }) });
   * }, []);
   *
   * // Wherever a request is answered
   * const db = await executor();
   * deepEqual(await db.selectFrom("users").selectAll().execute(), []);
   * await db.destroy();
   * ```
   */
  lazy<
    DB,
    const P extends readonly Plugin[],
    const Q extends readonly Plugin[] = readonly [],
  >(
    db: LazyDatabase<DB, Q>,
    plugins?: P,
    options?: ExecutorConfig,
  ): LazyExecutor<DB, readonly [...Q, ...P]>;
}

/** Puts plugins into a Kysely: see {@linkcode CreateExecutor}. */
export const createExecutor: CreateExecutor = /* @__PURE__ */ Object.assign(
  <
    DB,
    const P extends readonly Plugin[],
    const Q extends readonly Plugin[] = readonly [],
  >(
    db: AnyKysely<DB> & PluginCarrier<Q>,
    plugins?: P,
    options?: ExecutorConfig,
  ): Promise<KyseraExecutor<DB, readonly [...Q, ...P]>> => create<DB, P, Q>(db, plugins, options),
  { lazy },
);

function lazy<
  DB,
  const P extends readonly Plugin[],
  const Q extends readonly Plugin[] = readonly [],
>(
  db: LazyDatabase<DB, Q>,
  plugins?: P,
  options: ExecutorConfig = {},
): LazyExecutor<DB, readonly [...Q, ...P]> {
  if (typeof db !== "function") mustBeKysely(db);
  refuseUnknown(options);
  validateList(plugins ?? []);
  let made: Promise<KyseraExecutor<DB, readonly [...Q, ...P]>> | undefined;
  const make = async (): Promise<KyseraExecutor<DB, readonly [...Q, ...P]>> =>
    await create<DB, P, Q>(typeof db === "function" ? await db() : db, plugins, options);
  return () =>
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
}
