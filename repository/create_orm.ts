import { BadRequestError, isKysely, type Selectable } from "@kysera/core";
import {
  createContext,
  type DbContext,
  isDbContext,
  type TransactionContext,
  type TransactionOptions,
  withTransaction,
} from "@kysera/dal";
import {
  type AnyKysely,
  applyPlugins,
  bindContext,
  createExecutor,
  type ExecutorInstance,
  getPlugins,
  isKyseraExecutor,
  kyselyOf,
  type KyseraExecutor,
  type Plugin,
  type QueryOperation,
  type TransactionInstance,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import { adopt } from "./_adopt.ts";
import type { Codecs } from "./coded.ts";
import { sameExecutor } from "./_build.ts";
import { createRepository, type RepositoryOf } from "./create_repository.ts";
import type { NoRelations } from "./relations/types.ts";
import type {
  ExtensionsOf,
  KeyColumnsOf,
  RepositoryConfig,
  RepositorySchemas,
  TableName,
} from "./types.ts";

/** Applies an ORM's plugins to a builder by hand; on its executor they apply by themselves. */
export type ApplyPlugins = <QB extends object>(
  builder: QB,
  operation: QueryOperation,
  table: string,
  metadata?: Record<string, unknown>,
) => QB;

/** Makes a repository of one's own. */
export type RepositoryFactory<DB, R, P extends readonly Plugin[] = readonly Plugin[]> = (
  executor: ExecutorInstance<DB, P>,
  applyPlugins: ApplyPlugins,
) => R;

/** A repository of one's own, with the methods that plugins add to one with a table. */
export type Adopted<DB, P extends readonly Plugin[], R> = R extends
  { readonly executor: Kysely<any>; readonly tableName: infer T }
  ? R & Omit<AdoptedMethods<DB, P, T, R>, keyof R>
  : R;

/** The methods that plugins add to a repository of one's own. */
export type AdoptedMethods<DB, P extends readonly Plugin[], T, R> = ExtensionsOf<
  P,
  R extends { mapRow(row: any): infer Entity } ? Entity
    : T extends keyof DB ? Selectable<DB[T]>
    : Record<string, unknown>,
  R extends { readonly primaryKey: readonly [string, string, ...string[]] } ? any
    : T extends keyof DB ? "id" extends keyof Selectable<DB[T]> ? Selectable<DB[T]>["id"] : any
    : any,
  any,
  any
>;

/** An executor, and the repositories on it. */
export interface Orm<DB, P extends readonly Plugin[]> {
  /** The executor. */
  readonly executor: KyseraExecutor<DB, P>;
  /** Its plugins, in the order they run in. */
  readonly plugins: readonly Plugin[];
  /** Makes a repository of a table. */
  createRepository<
    T extends TableName<DB>,
    const PK extends KeyColumnsOf<DB, T> = "id" & KeyColumnsOf<DB, T>,
    Entity = Selectable<DB[T]>,
    S extends RepositorySchemas = Record<never, never>,
    K extends Codecs<DB[T]> = Record<never, never>,
    R = NoRelations,
    Rows = DB,
  >(
    config: RepositoryConfig<DB, T, Entity, PK, S, K, R, Rows>,
  ): RepositoryOf<DB, T, Entity, PK, S, P, K, R, Rows>;
  /**
   * Makes a repository by a factory. An object that names its `executor` and its `tableName` (and
   * `primaryKey`, where that is not `"id"`) is given the methods that the plugins add to repositories.
   *
   * @throws {BadRequestError} for a repository on another executor or on a Kysely without the plugins,
   * and in a transaction for one that is not in it
   */
  createRepository<R>(factory: RepositoryFactory<DB, R, P>): Adopted<DB, P, R>;
  /** Applies the plugins to a builder of another Kysely. */
  readonly applyPlugins: ApplyPlugins;
  /** A context for query functions. */
  createContext(): DbContext<DB, KyseraExecutor<DB, P>>;
  /**
   * Returns the same ORM for one caller. A repository that it makes of a configuration that this one
   * has made a repository of is the same repository on the caller's executor, with its prepared
   * queries.
   *
   * @param caller the caller, as `bindContext()` takes it; or an instance of the ORM's executor, or a
   * context of one, such as that of a transaction
   * @throws {BadRequestError} for an instance of another executor
   * @throws {ExecutorError} where the caller is not an object
   */
  on(caller: object): Orm<DB, P>;
  /** Runs a function in a transaction, with an ORM whose repositories are in it. */
  transaction<R>(
    fn: (
      context: TransactionContext<DB, TransactionInstance<DB, P>>,
      orm: Orm<DB, P>,
    ) => Promise<R> | R,
    options?: TransactionOptions,
  ): Promise<R>;
}

/** {@linkcode Orm}, as it was called before. */
export type PluginOrm<DB, P extends readonly Plugin[] = readonly Plugin[]> = Orm<DB, P>;

/**
 * Makes an ORM: an executor, and repositories on it. Of an executor without further plugins,
 * `createORM(executor)`, its `executor` is that executor itself.
 *
 * @param db an executor, whose plugins are kept, or a plain Kysely
 * @param plugins plugins, beside those that the executor has
 * @returns the ORM, when every plugin is ready
 * @throws {PluginValidationError} as `createExecutor` does
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createORM } from "@kysera/repository";
 * import { softDeletePlugin } from "@kysera/soft-delete";
 * import { type Generated, Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text, deleted_at text)");
 *
 * interface Database {
 *   users: { id: Generated<number>; name: string; deleted_at: string | null };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const orm = await createORM(db, [softDeletePlugin()]);
 * const users = orm.createRepository({ tableName: "users" });
 *
 * await assert.rejects(orm.transaction(async (_context, inside) => {
 *   await inside.createRepository({ tableName: "users" }).create({ name: "Ada", deleted_at: null });
 *   throw new Error("no");
 * }));
 * assert.equal(await users.count(), 0);
 * await db.destroy();
 * ```
 */
export async function createORM<
  DB,
  const P extends readonly Plugin[],
  const Q extends readonly Plugin[] = readonly [],
>(
  db: AnyKysely<DB> & { readonly __plugins?: Q },
  plugins?: P,
): Promise<Orm<DB, readonly [...Q, ...P]>> {
  const executor = isKyseraExecutor(db) && (plugins === undefined || isEmpty(plugins))
    ? db
    : await createExecutor<DB, P, Q>(db, plugins);
  // The executor has the plugins of the one it was made of, and these.
  return ormOn(executor as unknown as KyseraExecutor<DB, readonly [...Q, ...P]>, new WeakMap());
}

/** Whether a value is a list without members; createExecutor() says what is wrong with another. */
function isEmpty(plugins: unknown): boolean {
  return Array.isArray(plugins) && plugins.length === 0;
}

/** The repository that was made of a configuration. */
type Made = WeakMap<object, { on(handle: Kysely<any>): object }>;

function ormOn<DB, P extends readonly Plugin[]>(
  executor: KyseraExecutor<DB, P>,
  made: Made,
): Orm<DB, P> {
  const plugins = getPlugins(executor);
  const apply: ApplyPlugins = (builder, operation, table, metadata = {}) =>
    applyPlugins(builder, plugins, { operation, table, metadata });
  const make = (
    source: RepositoryConfig<any, any, any, any, any, any> | RepositoryFactory<DB, unknown>,
  ): unknown => {
    if (typeof source === "function") return adopt(source(executor, apply), executor);
    if (typeof source !== "object" || source === null) {
      throw new BadRequestError(
        "Cannot make a repository: pass its configuration ({ tableName: .. }), or a function",
      );
    }
    const known = made.get(source);
    if (known !== undefined) return known.on(executor);
    const repository = createRepository<any, any, any>(executor, source);
    made.set(source, repository);
    return repository;
  };
  const on = (caller: unknown): Orm<DB, P> => {
    const handle = isDbContext(caller) ? caller.db : caller;
    const own = isKysely(handle)
      ? sameExecutor(handle, executor)
      : bindContext(executor, handle as object);
    // It has the plugins of the executor.
    return ormOn(own as unknown as KyseraExecutor<DB, P>, made);
  };
  return {
    executor,
    plugins,
    // The overloads say what comes of which source.
    createRepository: make as Orm<DB, P>["createRepository"],
    applyPlugins: apply,
    createContext: () => createContext<any>(executor),
    on,
    transaction: (fn, options) =>
      withTransaction<DB, any>(
        executor,
        // The transaction has the plugins of the executor that it was begun on.
        (context: TransactionContext<DB, any>) => fn(context, on(context)),
        options,
      ),
  };
}

/** Repositories by name. */
export type RepositoriesOf<F> = {
  readonly [K in keyof F]: F[K] extends (...args: any[]) => infer R ? R : never;
};

/**
 * Makes several repositories at once, on whichever executor or transaction.
 *
 * @param factories functions that make one each, by name
 * @returns a function that makes all of them on an executor
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createRepositoriesFactory, createRepository } from "@kysera/repository";
 * import { type Generated, Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 *
 * interface Database {
 *   users: { id: Generated<number>; name: string };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const repositoriesOn = createRepositoriesFactory({
 *   users: (executor: Kysely<Database>) => createRepository(executor, { tableName: "users" }),
 * });
 *
 * await db.transaction().execute((trx) => repositoriesOn(trx).users.create({ name: "Ada" }));
 * assert.equal(await repositoriesOn(db).users.count(), 1);
 * await db.destroy();
 * ```
 */
export function createRepositoriesFactory<
  DB,
  F extends Record<string, (executor: Kysely<DB>) => unknown>,
>(factories: F): (executor: AnyKysely<DB>) => RepositoriesOf<F> {
  return (executor) => {
    const made = Object.entries(factories).map(([name, make]) => [name, make(kyselyOf(executor))]);
    // Every name of F was given its repository.
    return Object.fromEntries(made) as RepositoriesOf<F>;
  };
}
