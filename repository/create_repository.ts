import { assertKnownOptions, BadRequestError, detectDialect, type Selectable } from "@kysera/core";
import {
  createContext,
  type DbContext,
  isDbContext,
  type TransactionOptions,
  withTransaction,
} from "@kysera/dal";
import {
  type AnyKysely,
  assertKnownKey,
  bindContext,
  type ExecutorInstance,
  getContext,
  getMetadata,
  getPlugins,
  isKyseraExecutor,
  joinTransaction,
  kyselyOf,
  type Plugin,
  type TransactionInstance,
  withMetadata,
} from "@kysera/executor";
import { type Kysely, type Transaction, WithSchemaPlugin } from "kysely";
import type { Codecs, Coded, CodedEntity } from "./coded.ts";
import { type Aggregates, aggregates } from "./_aggregates.ts";
import { DEFINITION } from "./describe_repository.ts";
import { assertColumn } from "./_columns.ts";
import { moved, type MovedSource } from "./_moved.ts";
import { readById, type Reads, reads } from "./_reads.ts";
import { relatedMethods } from "./relations/_lazy_methods.ts";
import { graphOf } from "./relations/_read_graph.ts";
import type { RelationMethods } from "./relations/related_repository.ts";
import type { NoRelations } from "./relations/types.ts";
import { type Definition, type Schemas, Table } from "./_table.ts";
import { standardOf } from "./_validate.ts";
import { type Writes, writes } from "./_writes.ts";
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

/** The instance set to the schema of the table; one that is set to a schema already stays. */
function inSchema(db: Kysely<any>, { schema }: Definition): Kysely<any> {
  if (schema === undefined) return db;
  const isSet = db.getExecutor().plugins.some((plugin) => plugin instanceof WithSchemaPlugin);
  return isSet ? db : db.withSchema(schema);
}

function sampling(option: boolean | number | undefined): number {
  if (option === undefined || typeof option === "boolean") return option === true ? 1 : 0;
  if (option >= 0 && option <= 1) return option;
  throw new BadRequestError(
    `Cannot make a repository: validateDbResults is ${option}; give true, false, or a part from ` +
      "0 to 1",
  );
}

/** The repository, with what plugins add to it. */
function build(definition: Definition, db: Kysely<any>, signal?: AbortSignal): object {
  const moves: Moves = { known: undefined };
  const parts = new Parts(definition, db, signal, moves);
  const repository = plain(parts);
  const whole = extended(repository, db);
  moves.known = membersOf(parts, repository, whole);
  return whole;
}

/** What is known of the members that a repository has on every instance of an executor. */
interface Members {
  readonly names: ReadonlySet<PropertyKey>;
  /** Where those are from that no plugin has added or replaced. */
  readonly apart: ReadonlyMap<PropertyKey, Part>;
}

/** What is known of the repository on other instances; of those as well. */
interface Moves {
  /** `undefined` where a plugin has to see each repository. */
  known: Members | undefined;
}

/** Members of a repository that are made together. */
type Part = "data" | "reading" | "writing" | "computing" | "moving";
const PARTS: readonly Part[] = ["data", "reading", "writing", "computing", "moving"];

/** @returns `undefined` where a plugin may change other members on another instance */
function membersOf(parts: Parts, plain: object, whole: object): Members | undefined {
  const areAlike = getPlugins(parts.db).every(({ extendRepository, extendsAlike }) =>
    extendRepository === undefined || extendsAlike === true
  );
  if (!areAlike) return undefined;
  const apart = PARTS.flatMap((part) =>
    Reflect.ownKeys(parts[part])
      // Relations replace some as well.
      .filter((name) => {
        const member = Reflect.get(parts[part], name);
        return Reflect.get(plain, name) === member && Reflect.get(whole, name) === member;
      })
      .map((name) => [name, part] as const)
  );
  return { names: new Set(Reflect.ownKeys(whole)), apart: new Map(apart) };
}

function extended(repository: object, db: Kysely<any>): object {
  return getPlugins(db).reduce<object>(
    (extended, plugin) => plugin.extendRepository?.(extended) ?? extended,
    repository,
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
  const repository = plain(new Parts(define(config, db), db, undefined, { known: undefined }));
  return Object.fromEntries(
    Object.entries(extended(repository, db)).filter(([name, method]) =>
      !Object.hasOwn(repository, name) || (repository as Record<string, unknown>)[name] !== method
    ),
  );
}

/** What a repository is made of on one executor instance, as far as it was asked for. */
class Parts implements MovedSource {
  readonly definition: Definition;
  readonly db: Kysely<any>;
  readonly signal: AbortSignal | undefined;
  readonly moves: Moves;
  #table: Table | undefined;
  #findById: Reads["findById"] | undefined;
  #reads: Reads | undefined;
  #reading: Reads | undefined;
  #writing: Writes | undefined;
  #computing: Aggregates | undefined;
  #moving: Moving | undefined;

  constructor(
    definition: Definition,
    db: Kysely<any>,
    signal: AbortSignal | undefined,
    moves: Moves,
  ) {
    this.definition = definition;
    this.db = db;
    this.signal = signal;
    this.moves = moves;
  }

  get table(): Table {
    return this.#table ??= new Table(this.definition, this.db, this.signal);
  }

  get findById(): Reads["findById"] {
    return this.#findById ??= readById(this.table);
  }

  get #allReads(): Reads {
    return this.#reads ??= reads(this.table, this.findById);
  }

  get data(): Readonly<Record<PropertyKey, unknown>> {
    const { definition, db: executor } = this;
    const { tableName, primaryKey, codecs } = definition;
    return { executor, tableName, primaryKey, codecs, [DEFINITION]: definition };
  }

  get reading(): Reads {
    return this.#reading ??= knowing(this.table, this.#allReads);
  }

  get writing(): Writes {
    if (this.#writing === undefined) {
      const { changeAll: _, ...all } = writes(this.table, this.#allReads);
      this.#writing = knowing(this.table, all);
    }
    return this.#writing;
  }

  get computing(): Aggregates {
    return this.#computing ??= knowing(this.table, aggregates(this.table));
  }

  get moving(): Moving {
    return this.#moving ??= moving(this);
  }

  // A repository is moved where its members are known.

  get names(): ReadonlySet<PropertyKey> {
    return this.moves.known!.names;
  }

  has(name: PropertyKey): boolean {
    return this.moves.known!.apart.has(name);
  }

  member(name: PropertyKey): unknown {
    const part = this.moves.known!.apart.get(name)!;
    // By far the most common.
    if (name === "findById" && !this.table.readsTypes) return this.findById;
    return Reflect.get(this[part], name);
  }

  whole(): object {
    return extended(plain(this), this.db);
  }

  /** Returns the repository on another instance. */
  on(handle: Kysely<any>, signal: AbortSignal | undefined = this.signal): object {
    const { definition, moves } = this;
    const there = inSchema(handle, definition);
    return moves.known === undefined
      ? build(definition, there, signal)
      : moved(new Parts(definition, there, signal, moves));
  }
}

/** The object itself: plain, so that plugins may copy it to add to it. */
function plain(parts: Parts): object {
  const { definition: { relations }, table, reading, writing, computing } = parts;
  const methods = { ...reading, ...writing, ...computing };
  return {
    ...parts.data,
    ...methods,
    ...relations === undefined ? {} : relatedMethods(table, relations, methods),
    ...parts.moving,
  };
}

/** The methods that give the repository on another instance. */
interface Moving {
  on(handle: AnyKysely<any>): object;
  withTransaction(transaction: AnyKysely<any> | DbContext): object;
  transaction(
    fn: (transaction: Transaction<any>, repository: object) => unknown,
    options?: TransactionOptions,
  ): Promise<unknown>;
}

function moving(parts: Parts): Moving {
  const { db, signal } = parts;
  return {
    on: (handle) => parts.on(sameExecutor(kyselyOf(handle), db)),
    withTransaction: (transaction) =>
      isDbContext(transaction)
        ? parts.on(joined(transaction.db, db), transaction.signal)
        : parts.on(joined(kyselyOf(transaction), db)),
    transaction: (fn, options = {}) =>
      withTransaction(
        createContext(db, { signal }),
        // withTransaction() gives a transaction, as its context says.
        (tx) => fn(tx.db as Transaction<any>, parts.on(tx.db, tx.signal)),
        options,
      ),
  };
}

/** What gives no promise, or reads the catalog itself, after it has validated its input. */
const AT_ONCE: ReadonlySet<string> = new Set([
  "iterate",
  "loader",
  "keyIn",
  "query",
  "create",
  "update",
  "upsert",
  "upsertMany",
  "firstOrCreate",
  "createMany",
  "bulkCreate",
  "bulkUpdate",
  "updateWhere",
]);

/** Methods that read the types of the columns first, where values depend on them. */
function knowing<M extends object>(table: Table, methods: M): M {
  if (!table.readsTypes) return methods;
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => {
      if (AT_ONCE.has(name)) return [name, method];
      return [name, async (...parameters: unknown[]) => {
        await table.know();
        return await method(...parameters);
      }];
    }),
  ) as M;
}

/** A transaction with the plugins, the context and the flags of a repository's own instance. */
function joined(transaction: Kysely<any>, own: Kysely<any>): Kysely<any> {
  if (transaction?.isTransaction !== true) {
    throw new BadRequestError(
      "Cannot put a repository into a transaction: the argument is none; pass a transaction, or " +
        "the context of one",
    );
  }
  // isTransaction was looked at.
  const trx = transaction as Transaction<any>;
  if (!isKyseraExecutor(own)) return trx;
  if (!isKyseraExecutor(trx) || getPlugins(trx) !== getPlugins(own)) {
    return joinTransaction(trx, own);
  }
  const context = getContext(own);
  const flags = getMetadata(own);
  const bound = context === undefined ? trx : bindContext(trx, context);
  return Object.keys(flags).length === 0 ? bound : withMetadata(bound, flags);
}

/**
 * Returns an instance of the same executor.
 *
 * @throws {BadRequestError} for one of another executor, on which the plugins would not apply
 */
export function sameExecutor(handle: Kysely<any>, own: Kysely<any>): Kysely<any> {
  if (typeof handle?.getExecutor !== "function") {
    throw new BadRequestError(
      "Cannot move a repository: the argument is not an instance of an executor",
    );
  }
  if (!isKyseraExecutor(own)) return handle;
  if (isKyseraExecutor(handle) && getPlugins(handle) === getPlugins(own)) return handle;
  throw new BadRequestError(
    "Cannot move a repository to an instance of another executor: its plugins would not apply; pass " +
      "an instance of its own, or make a repository there",
  );
}
