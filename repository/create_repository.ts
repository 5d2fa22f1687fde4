import { assertKnownOptions, BadRequestError, detectDialect, type Selectable } from "@kysera/core";
import type { TransactionOptions } from "@kysera/dal";
import {
  type AnyKysely,
  assertKnownKey,
  type ExecutorInstance,
  kyselyOf,
  type Plugin,
  type TransactionInstance,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import { build, extensions, inSchema } from "./_build.ts";
import type { Codecs, Coded, CodedEntity } from "./coded.ts";
import { assertColumn } from "./_columns.ts";
import { graphOf } from "./relations/_read_graph.ts";
import type { RelationMethods } from "./relations/related_repository.ts";
import type { NoRelations } from "./relations/types.ts";
import type { Definition, Schemas } from "./_table.ts";
import { standardOf } from "./_validate.ts";
import { assertKeyType, type DialectConfig } from "./primary_key.ts";
import type {
  CreateInput,
  EntityOf,
  ExtensionsOf,
  KeyColumnsOf,
  KeyOf,
  Repository,
  RepositoryConfig,
  RepositorySchemas,
  TableName,
  UpdateInput,
} from "./types.ts";

const OPTIONS = [
  "tableName",
  "primaryKey",
  "mapRow",
  "schemas",
  "validateDbResults",
  "versionColumn",
  "codecs",
  "relations",
  "schema",
  "primaryKeyType",
  "maxParameters",
  "validationStrategy",
  "dialect",
];

/** The repository that a configuration makes. */
export type RepositoryOf<
  DB,
  T extends TableName<DB>,
  Entity,
  PK extends KeyColumnsOf<DB, T>,
  S extends RepositorySchemas,
  P extends readonly Plugin[],
  K = Record<never, never>,
  R = NoRelations,
  Rows = DB,
> = RepositoryWith<
  DB,
  T,
  EntityOf<CodedEntity<Entity, DB[T], K>, S>,
  KeyOf<{ [N in T]: Coded<DB[T], K> }, T, PK>,
  CreateInput<{ [N in T]: Coded<DB[T], K> }, T, S>,
  UpdateInput<{ [N in T]: Coded<DB[T], K> }, T, S>,
  P,
  Coded<DB[T], K>,
  R,
  Rows
>;

/** The members of a repository by which its executor, with its plugins, can be reached. */
export interface ExecutorMembers<DB, P extends readonly Plugin[]> {
  /** The executor that queries run on. */
  readonly executor: ExecutorInstance<DB, P>;
  /** Runs a function in a transaction; the repository that it is given is in it. */
  transaction<R>(
    fn: (transaction: TransactionInstance<DB, P>, repository: this) => Promise<R> | R,
    options?: TransactionOptions,
  ): Promise<R>;
}

/** {@linkcode ExecutorMembers}, where the plugins are known. */
export type OnExecutor<DB, P extends readonly Plugin[]> = readonly Plugin[] extends P ? unknown
  : ExecutorMembers<DB, P>;

/** A repository, with the methods that plugins add to it. */
export type RepositoryWith<
  DB,
  T extends TableName<DB>,
  Entity,
  Key,
  Create,
  Update,
  P extends readonly Plugin[],
  Columns,
  R = NoRelations,
  Rows = DB,
> =
  & OnExecutor<DB, P>
  & Repository<
    DB,
    T,
    Entity,
    Key,
    Create,
    Update,
    & ExtensionsOf<P, Entity, Key, Create, Update>
    & RelationMethods<Rows, T, Entity, Key, Update, R, Columns>,
    Columns
  >
  & ExtensionsOf<P, Entity, Key, Create, Update>
  & RelationMethods<Rows, T, Entity, Key, Update, R, Columns>;

/**
 * Makes a repository on an executor.
 *
 * @param executor the executor, a transaction of it, or another instance; a plain Kysely as well
 * @param config see {@linkcode RepositoryConfig}
 * @returns the repository, with the methods that the executor's plugins add
 * @throws {BadRequestError} for an unknown option, or one that is wrong
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { createRepository } from "@kysera/repository";
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
 * const executor = await createExecutor(db, [softDeletePlugin()]);
 * const users = createRepository(executor, { tableName: "users" });
 *
 * const ada = await users.create({ name: "Ada", deleted_at: null });
 * await users.update(ada.id, { name: "Ada Lovelace" });
 * assert.equal((await users.find({ where: { name: { startsWith: "Ada" } } })).length, 1);
 *
 * // softDeletePlugin() adds this method
 * await users.softDelete(ada.id);
 * assert.equal(await users.findById(ada.id), null);
 * await db.destroy();
 * ```
 */
export function createRepository<
  DB,
  T extends TableName<DB>,
  const PK extends KeyColumnsOf<DB, T> = "id" & KeyColumnsOf<DB, T>,
  Entity = Selectable<DB[T]>,
  S extends RepositorySchemas = Record<never, never>,
  const P extends readonly Plugin[] = readonly Plugin[],
  K extends Codecs<DB[T]> = Record<never, never>,
  R = NoRelations,
  Rows = DB,
>(
  executor: AnyKysely<DB> & { readonly __plugins?: P },
  config: RepositoryConfig<DB, T, Entity, PK, S, K, R, Rows>,
): RepositoryOf<DB, T, Entity, PK, S, P, K, R, Rows> {
  // The interface says what the configuration's types make of the methods.
  const given = kyselyOf(executor);
  const definition = define(config, given);
  const db = inSchema(given, definition);
  if (config.primaryKey !== undefined) assertKey(db, definition);
  return build(definition, db) as unknown as RepositoryOf<
    DB,
    T,
    Entity,
    PK,
    S,
    P,
    K,
    R,
    Rows
  >;
}

/** @throws {BadRequestError} if the table is known to have another key than the one configured */
function assertKey(db: Kysely<any>, { tableName, primaryKey }: Definition): void {
  assertKnownKey(db, {
    table: tableName,
    columns: primaryKey,
    invalid: (problem) =>
      new BadRequestError(`Cannot make a repository of "${tableName}": ${problem}`),
  });
}

/** Checks a configuration. */
export function define(
  config: RepositoryConfig<any, any, any, any, any, any>,
  db: Kysely<any>,
): Definition {
  assertKnownOptions(config, OPTIONS, { action: "make a repository" });
  const { tableName, primaryKey = "id", mapRow, schemas = {}, codecs = {} } = config;
  if (typeof tableName !== "string" || tableName === "") {
    throw new BadRequestError("Cannot make a repository: tableName is not a name of a table");
  }
  const key: readonly unknown[] = Array.isArray(primaryKey) ? primaryKey : [primaryKey];
  if (key.length === 0 || new Set(key).size < key.length) {
    throw new BadRequestError(
      `Cannot make a repository of "${tableName}": primaryKey names no column, or one twice`,
    );
  }
  const { validationStrategy = "strict", primaryKeyType, schema } = config;
  if (validationStrategy !== "strict" && validationStrategy !== "none") {
    throw new BadRequestError(
      `Cannot make a repository of "${tableName}": validationStrategy is "strict" or "none"`,
    );
  }
  const usable = readSchemas(schemas, tableName);
  assertKeyType(primaryKeyType, `make a repository of "${tableName}"`);
  assertDialect(config.dialect, db);
  if (schema !== undefined && (typeof schema !== "string" || schema === "")) {
    throw new BadRequestError(
      `Cannot make a repository of "${tableName}": schema is not a name of a schema`,
    );
  }
  if (mapRow !== undefined && typeof mapRow !== "function") {
    throw new BadRequestError(
      `Cannot make a repository of "${tableName}": mapRow is not a function`,
    );
  }
  const { versionColumn, maxParameters } = config;
  if (maxParameters !== undefined && !(Number.isInteger(maxParameters) && maxParameters >= 10)) {
    throw new BadRequestError(
      `Cannot make a repository of "${tableName}": maxParameters is ${maxParameters}; give a whole ` +
        "number from 10",
    );
  }
  for (const column of [...key, ...Object.keys(codecs), versionColumn ?? "version"]) {
    assertColumn(column, `make a repository of "${tableName}"`);
  }
  return {
    tableName,
    primaryKey: key as readonly string[],
    mapRow,
    schemas: validationStrategy === "strict" ? usable : { entity: usable.entity },
    validated: sampling(config.validateDbResults),
    versionColumn,
    maxParameters,
    codecs: new Map(Object.entries(codecs)) as Definition["codecs"],
    relations: config.relations === undefined ? undefined : graphOf(config.relations),
    keyType: primaryKeyType,
    schema,
    plans: new WeakMap(),
  };
}

function readSchemas(given: object, tableName: string): Schemas {
  assertKnownOptions(given, ["entity", "create", "update"], { action: "make a repository" });
  return Object.fromEntries(
    Object.entries(given).map(([name, schema]) => {
      const standard = standardOf(schema);
      if (schema === undefined || standard !== undefined) return [name, standard];
      throw new BadRequestError(
        `Cannot make a repository of "${tableName}": "schemas.${name}" is not a schema; pass one of ` +
          "Zod, Valibot, ArkType, Yup, another library that implements Standard Schema, or one of " +
          "the adapters",
      );
    }),
  );
}

/** What is known without it may be said, but not otherwise. */
function assertDialect(option: unknown, db: Kysely<any>): void {
  const isConfig = typeof option === "object" && option !== null;
  const said = isConfig ? (option as Partial<DialectConfig>).dialect : option;
  // Whether it is a database at all is told here.
  const own = detectDialect(db);
  if (said === undefined || said === own) return;
  throw new BadRequestError(
    `Cannot make a repository: dialect is "${String(said)}", and the executor's is "${own}"; ` +
      "leave it out",
  );
}

function sampling(option: boolean | number | undefined): number {
  if (option === undefined || typeof option === "boolean") return option === true ? 1 : 0;
  if (option >= 0 && option <= 1) return option;
  throw new BadRequestError(
    `Cannot make a repository: validateDbResults is ${option}; give true, false, or a part from ` +
      "0 to 1",
  );
}

/**
 * Returns what the plugins of an executor add to a repository.
 *
 * @throws {BadRequestError} if the configuration is wrong
 */
export function extensionsOf(
  db: Kysely<any>,
  config: RepositoryConfig<any, any, any, any, any, any>,
): Readonly<Record<string, unknown>> {
  return extensions(define(config, db), db);
}
