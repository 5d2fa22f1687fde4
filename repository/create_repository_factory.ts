import { assertKnownOptions, type Dialect, type Selectable } from "@kysera/core";
import { type AnyKysely, createExecutor, type KyseraExecutor, type Plugin } from "@kysera/executor";
import type { Kysely } from "kysely";
import { adopt } from "./_adopt.ts";
import type { NoRelations } from "./relations/types.ts";
import { createRepository, type RepositoryOf } from "./create_repository.ts";
import type { Codecs } from "./coded.ts";
import type { DialectConfig, PrimaryKeyTypeHint } from "./primary_key.ts";
import type { KeyColumnsOf, RepositoryConfig, RepositorySchemas, TableName } from "./types.ts";

/** Makes repositories on one executor. */
export interface ConfiguredRepositoryFactory<DB, P extends readonly Plugin[] = readonly Plugin[]> {
  /** Makes a repository; see {@linkcode createRepository}. */
  create<
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
}

/**
 * Creates a factory of repositories on one executor, where several are made in one place.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @returns the factory
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createRepositoryFactory } from "@kysera/repository";
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
 * const users = createRepositoryFactory(db).create({ tableName: "users" });
 * assert.deepEqual({ ...await users.create({ name: "Ada" }) }, { id: 1, name: "Ada" });
 * await db.destroy();
 * ```
 */
export function createRepositoryFactory<DB, const P extends readonly Plugin[] = readonly Plugin[]>(
  executor: AnyKysely<DB> & { readonly __plugins?: P },
): ConfiguredRepositoryFactory<DB, P> {
  return {
    create: (config) =>
      createRepository<DB, any, any, any, any, P, any, any, any>(executor, config) as any,
  };
}

/** Options of {@linkcode createSimpleRepository}. */
export interface SimpleRepositoryOptions<PK> {
  /** The column, or the columns, of the primary key. Default `"id"`. */
  readonly primaryKey?: PK | undefined;
  /** What the values of the key must be. Default: what the types say, unchecked. */
  readonly primaryKeyType?: PrimaryKeyTypeHint | undefined;
  /** The dialect, which is known without it. */
  readonly dialect?: Dialect | DialectConfig | undefined;
}

/**
 * Makes a repository of a table and a function that makes entities of its rows: no schemas, nothing
 * else.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param tableName the table
 * @param mapRow makes an entity of a row
 * @param options see {@linkcode SimpleRepositoryOptions}
 * @returns the repository
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createSimpleRepository } from "@kysera/repository";
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
 * const names = createSimpleRepository(db, "users", (row) => row.name);
 * assert.equal(await names.create({ name: "Ada" }), "Ada");
 * await db.destroy();
 * ```
 */
export function createSimpleRepository<
  DB,
  T extends TableName<DB>,
  Entity,
  const PK extends KeyColumnsOf<DB, T> = "id" & KeyColumnsOf<DB, T>,
  const P extends readonly Plugin[] = readonly Plugin[],
>(
  executor: AnyKysely<DB> & { readonly __plugins?: P },
  tableName: T,
  mapRow: (row: Selectable<DB[T]>) => Entity,
  options: SimpleRepositoryOptions<PK> = {},
): RepositoryOf<DB, T, Entity, PK, Record<never, never>, P> {
  assertKnownOptions(options, ["primaryKey", "primaryKeyType", "dialect"], {
    action: "make a repository",
  });
  return createRepository<DB, T, PK, Entity, Record<never, never>, P>(executor, {
    tableName,
    mapRow,
    ...options,
  });
}

/**
 * Makes an executor with plugins, and a repository on it.
 *
 * @param factory makes the repository
 * @param db a plain Kysely, or an executor whose plugins are kept
 * @param plugins the plugins
 * @returns what the factory makes, when every plugin is ready
 * @throws {PluginValidationError} as `createExecutor` does
 * @throws {BadRequestError} for a repository on another executor, or on a Kysely without the plugins
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createRepository, withPlugins } from "@kysera/repository";
 * import { softDeletePlugin } from "@kysera/soft-delete";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, deleted_at text)");
 * database.exec("insert into users values (1, null), (2, '2026-01-31')");
 *
 * interface Database {
 *   users: { id: number; deleted_at: string | null };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const users = await withPlugins(
 *   (executor) => createRepository(executor, { tableName: "users" }),
 *   db,
 *   [softDeletePlugin()],
 * );
 * assert.equal(await users.count(), 1);
 * await db.destroy();
 * ```
 */
export async function withPlugins<DB, R, const P extends readonly Plugin[]>(
  factory: (executor: KyseraExecutor<DB, P>) => R,
  db: Kysely<DB>,
  plugins: P,
): Promise<R> {
  const executor = await createExecutor<DB, P>(db, plugins);
  // [...P] is P, which the compiler does not see.
  return adopt(factory(executor as unknown as KyseraExecutor<DB, P>), executor);
}
