import type { Kysely } from "kysely";
import { BadRequestError, isPromise } from "@kysera/core";
import { type AnyKysely, type ExecutorOf, kyselyOf } from "@kysera/executor";

/** Marks a {@linkcode DbContext}. */
export const DB_CONTEXT_SYMBOL: unique symbol = Symbol.for("kysera.dal.context");

/** Marks the context of a transaction. */
export const IN_TRANSACTION_SYMBOL: unique symbol = Symbol.for("kysera.dal.in-transaction");

/** Where the context of a transaction says how many others it is nested in. */
export const SAVEPOINT_COUNTER_SYMBOL: unique symbol = Symbol.for("kysera.dal.savepoints");

/**
 * What every query function is given: plain, frozen, and passed on by hand. `K` is the type of its
 * `db`, which has the plugins of an executor.
 */
export interface DbContext<DB = any, K extends AnyKysely<any> = Kysely<DB>> {
  /** The executor, or the transaction, that queries run on. */
  readonly db: K;
  /** Whether `db` is a transaction. */
  readonly isTransaction: boolean;
  /**
   * Aborts the work: queries are not begun any more, and what takes a signal is given it. A query
   * that was sent is not interrupted.
   */
  readonly signal?: AbortSignal | undefined;
  /** The schema that `db` is set to, where one was given. */
  readonly schema?: string | undefined;
  /** Marks a context. */
  readonly [DB_CONTEXT_SYMBOL]: true;
}

/**
 * What a caller adds to a context: any keys but `db`. `isTransaction` may be said again, and
 * `schema` sets the schema of `db`.
 */
export type ContextExtras =
  & object
  & { readonly db?: never; readonly isTransaction?: boolean };

/**
 * The database that a context, or a Kysely, is of. It is read from a member that a transaction has
 * as well.
 */
export type DatabaseOf<C> = C extends { readonly db: infer K } ? DatabaseOfDb<K> : DatabaseOfDb<C>;

/** The database that a Kysely is of; by the name `ExecutorOf` also of a parameter of that type. */
export type DatabaseOfDb<K> = K extends AnyKysely<infer DB> ? DB : never;

/** A context, or the Kysely that one is made of. */
export type ContextLike<DB = any> = DbContext<DB, ExecutorOf<DB>> | AnyKysely<DB>;

/** The type of the `db` of a context, or of the Kysely that one is made of. */
export type DbOf<C> = C extends { readonly db: infer K extends AnyKysely<any> } ? K
  : C extends AnyKysely<any> ? (C extends { readonly selectFrom: unknown } ? C : Kysely<any>)
  : Kysely<any>;

/**
 * Makes a context.
 *
 * @param db an executor, a transaction, or a plain Kysely
 * @param extras what the caller adds: a `signal`, a `schema`, a request id, whatever its queries want
 * to know
 * @returns a frozen context
 * @throws {BadRequestError} where an extra would take the place of a member of the context
 *
 * @example
 * ```ts
 * import { createContext } from "@kysera/dal";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 *
 * const db = new Kysely<{ users: { id: number } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const ctx = createContext(db, { requestId: "r-1" });
 * ctx.requestId satisfies string;
 * ```
 */
export function createContext<K extends AnyKysely<any>>(db: K): DbContext<DatabaseOf<K>, K>;
/** Makes a context with what the caller adds. */
export function createContext<
  K extends AnyKysely<any>,
  const X extends ContextExtras = Record<never, never>,
>(
  db: K,
  extras?: X & {
    readonly signal?: AbortSignal | undefined;
    readonly schema?: string | undefined;
  },
): DbContext<DatabaseOf<K>, K> & X;
/** Makes a context of a database that is named as a type argument. */
export function createContext<DB, const X extends ContextExtras = Record<never, never>>(
  db: AnyKysely<DB>,
  extras?: X & {
    readonly signal?: AbortSignal | undefined;
    readonly schema?: string | undefined;
  },
): DbContext<DB> & X;
/**
 * Makes a context, as versions before did.
 *
 * @param db an executor, a transaction, or a plain Kysely
 * @param isTransaction what the Kysely says of itself as well
 * @returns a frozen context
 * @throws {BadRequestError} where the Kysely says otherwise
 */
export function createContext<K extends AnyKysely<any>>(
  db: K,
  isTransaction: boolean,
): DbContext<DatabaseOf<K>, K>;
export function createContext(
  db: Kysely<any> | AnyKysely<any>,
  extras?: ContextExtras | boolean,
): DbContext<any, any> {
  if (typeof db?.getExecutor !== "function") {
    throw new BadRequestError(
      "Cannot make a context: the first argument is " +
        (isPromise(db)
          ? "a promise; await it first"
          : "no Kysely; pass an executor or a transaction"),
    );
  }
  if (typeof extras === "boolean") {
    if (extras === db.isTransaction) return createContext<any>(db);
    throw new BadRequestError(
      `Cannot make a context: ${extras} was given as isTransaction, and the Kysely says otherwise`,
    );
  }
  if (extras !== undefined && (typeof extras !== "object" || extras === null)) {
    throw new BadRequestError(
      `Cannot make a context: ${typeof extras} was given as extras; pass an object`,
    );
  }
  if (extras !== undefined && "db" in extras) {
    throw new BadRequestError(`Cannot make a context: "db" is a member of its own`);
  }
  const { isTransaction, signal, schema } = (extras ?? {}) as Partial<DbContext>;
  if (isTransaction !== undefined && isTransaction !== db.isTransaction) {
    throw new BadRequestError(
      `Cannot make a context: ${isTransaction} was given as isTransaction, and the Kysely says ` +
        "otherwise",
    );
  }
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function") {
    throw new BadRequestError("Cannot make a context: signal is not an AbortSignal");
  }
  const context = {
    ...extras,
    db: schema === undefined ? db : inSchema(kyselyOf(db), schema),
    isTransaction: db.isTransaction,
    [DB_CONTEXT_SYMBOL]: true,
  };
  return Object.freeze(context) as DbContext;
}

function inSchema(db: Kysely<any>, schema: unknown): Kysely<any> {
  if (typeof schema === "string" && schema !== "") return db.withSchema(schema);
  throw new BadRequestError("Cannot make a context: schema is not a name of a schema");
}

/**
 * Creates a context whose queries are about the tables of a schema: one schema per tenant, for
 * example. What another context holds stays in it.
 *
 * @param contextOrDb a context, an executor, a transaction, or a plain Kysely
 * @param schema the schema
 * @returns a frozen context
 * @throws {BadRequestError} where the schema is not a name
 *
 * @example
 * ```ts
 * import { createSchemaContext } from "@kysera/dal";
 * import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ users: { id: number } }>({
 *   dialect: {
 *     createAdapter: () => new PostgresAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new PostgresIntrospector(db),
 *     createQueryCompiler: () => new PostgresQueryCompiler(),
 *   },
 * });
 * const ctx = createSchemaContext(db, "tenant_1");
 * assert.equal(ctx.db.selectFrom("users").select("id").compile().sql, 'select "id" from "tenant_1"."users"');
 * ```
 */
export function createSchemaContext<C extends DbContext>(
  contextOrDb: C,
  schema: string,
): C & { readonly schema: string };
/** Creates a context of a Kysely whose queries are about the tables of a schema. */
export function createSchemaContext<K extends AnyKysely<any>>(
  contextOrDb: K,
  schema: string,
): DbContext<DatabaseOf<K>, K> & { readonly schema: string };
/** Creates a context of a Kysely of a database that is named as a type argument. */
export function createSchemaContext<DB>(
  contextOrDb: AnyKysely<DB>,
  schema: string,
): DbContext<DB> & { readonly schema: string };
export function createSchemaContext(
  contextOrDb: ContextLike,
  schema: string,
): DbContext & { readonly schema: string } {
  const context = toContext(contextOrDb);
  return Object.freeze({ ...context, db: inSchema(context.db, schema), schema });
}

/**
 * Returns whether a value is a {@linkcode DbContext}.
 *
 * @param value anything
 *
 * @example
 * ```ts
 * import { isDbContext } from "@kysera/dal";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isDbContext({ db: {}, isTransaction: false }), false);
 * ```
 */
export function isDbContext<DB = any>(value: unknown): value is DbContext<DB> {
  return typeof value === "object" && value !== null && DB_CONTEXT_SYMBOL in value;
}

/**
 * Returns the context itself, or one made of a Kysely: for functions that take either.
 *
 * @param contextOrDb a context, an executor, a transaction, or a plain Kysely
 * @returns a context
 * @throws {BadRequestError} where the value is none of these
 *
 * @example
 * ```ts
 * import { type ContextLike, toContext } from "@kysera/dal";
 *
 * export async function countUsers(contextOrDb: ContextLike): Promise<number> {
 *   const { db } = toContext(contextOrDb);
 *   const row = await db.selectFrom("users").select((eb) => eb.fn.countAll().as("n"))
 *     .executeTakeFirstOrThrow();
 *   return Number(row["n"]);
 * }
 * ```
 */
export function toContext<C extends ContextLike>(
  contextOrDb: C,
): DbContext<DatabaseOf<C>, DbOf<C>>;
/**
 * Returns the context itself, or one made of a Kysely of a database that is known by its type
 * alone.
 */
export function toContext<DB>(contextOrDb: ContextLike<DB>): DbContext<DB>;
export function toContext(contextOrDb: ContextLike): DbContext<any, any> {
  return isDbContext(contextOrDb) ? contextOrDb : createContext<any>(contextOrDb);
}

/**
 * Returns whether a context is in a transaction.
 *
 * @param context a context, or a Kysely
 *
 * @example
 * ```ts
 * import { createQuery, isInTransaction } from "@kysera/dal";
 *
 * const isolated = createQuery((ctx) => isInTransaction(ctx));
 * isolated satisfies (ctx: any) => Promise<boolean>;
 * ```
 */
export function isInTransaction(context: ContextLike): boolean {
  return context.isTransaction;
}

/**
 * Runs a function with a context made of a Kysely.
 *
 * @param contextOrDb a Kysely; a context is passed on as it is
 * @param fn what to run
 * @returns what `fn` returns
 * @throws {BadRequestError} where the first argument is neither
 *
 * @example
 * ```ts
 * import { withContext } from "@kysera/dal";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * assert.equal(await withContext(db, (ctx) => ctx.isTransaction), false);
 * await db.destroy();
 * ```
 */
export function withContext<C extends ContextLike, T>(
  contextOrDb: C,
  fn: (context: DbContext<DatabaseOf<C>, DbOf<C>>) => T | Promise<T>,
): Promise<T>;
/** Runs a function with a context of a database that is named as a type argument. */
export function withContext<DB, T>(
  contextOrDb: ContextLike<DB>,
  fn: (context: DbContext<DB>) => T | Promise<T>,
): Promise<T>;
export async function withContext<T>(
  contextOrDb: ContextLike,
  fn: (context: any) => T | Promise<T>,
): Promise<T> {
  return await fn(toContext(contextOrDb));
}
