import { BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import { type ContextLike, type DatabaseOf, type DbContext, toContext } from "./context.ts";
import { TransactionRequiredError } from "./errors.ts";

/**
 * A query function as its author writes it. A context without a type is `any`, and the query takes
 * every database.
 */
export type QueryBody = (context: any, ...args: any[]) => unknown;

/** A query function as it is called: with a context, or with a Kysely to make one of. */
export interface QueryFunction<
  DB,
  Args extends readonly unknown[],
  Result,
  C extends DbContext<DB> = DbContext<DB>,
> {
  /** Runs the query. */
  (context: C | KyselyFor<DB, C>, ...args: Args): Promise<Result>;
  /** The name it was given, for spans and logs. */
  readonly queryName?: string | undefined;
}

/** A Kysely can stand for a context to which the query wants nothing added. */
export type KyselyFor<DB, C> = DbContext<DB> extends C ? Kysely<DB> : never;

/** The query function that is made of a body. */
export type QueryOf<F extends QueryBody> = F extends
  (context: infer C extends DbContext<any>, ...args: infer Args) => infer Result
  ? QueryFunction<DatabaseOf<C>, Args, Awaited<Result>, C>
  : never;

/** What a query function gives. */
export type InferResult<Q> = Q extends (...args: any[]) => Promise<infer Result> ? Result : never;

/** What a query function takes after the context. */
export type InferArgs<Q> = Q extends (context: any, ...args: infer Args) => unknown ? Args : never;

/** The database that a query function is for. */
export type InferDB<Q> = Q extends QueryFunction<infer DB, any, any, any> ? DB : never;

/** The context that a query function wants. */
export type InferContext<Q> = Q extends QueryFunction<any, any, any, infer C> ? C : never;

/**
 * Makes a query function. It is called with a context, or with a Kysely, of which a context is made;
 * the plugins of that executor apply.
 *
 * Give the context a type, `(ctx: DbContext<Database>, id: number) => ..`, and tables, columns and
 * the result are checked; leave it out, and the query takes any database. A query that wants more
 * in its context, `(ctx: DbContext<Database> & { tenant: string }) => ..`, is called with such a
 * context only.
 *
 * @param body what the query does; the first argument is its context
 * @returns the query function; it throws the reason of its context's signal where that is aborted
 * @throws {BadRequestError} where `body` is not a function
 *
 * @example
 * ```ts
 * import { createQuery, type DbContext } from "@kysera/dal";
 *
 * interface Database {
 *   users: { id: number; email: string };
 * }
 * const getUserById = createQuery((ctx: DbContext<Database>, id: number) =>
 *   ctx.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst()
 * );
 * getUserById satisfies (ctx: DbContext<Database>, id: number) => Promise<unknown>;
 * ```
 */
export function createQuery<F extends QueryBody>(body: F): QueryOf<F>;
/**
 * Makes a query function that has a name.
 *
 * @param name the name, for spans and logs
 * @param body what the query does; the first argument is its context
 */
export function createQuery<F extends QueryBody>(name: string, body: F): QueryOf<F>;
export function createQuery<F extends QueryBody>(
  ...args: readonly [F] | readonly [string, F]
): QueryOf<F> {
  const { name, body } = named(args, "createQuery");
  return finish(name, async (context, ...rest) => await body(context, ...rest));
}

/**
 * Makes a query function that runs in a transaction only.
 *
 * @param body what the query does; the first argument is its context
 * @returns the query function; it throws a {@linkcode TransactionRequiredError} outside a transaction
 * @throws {BadRequestError} where `body` is not a function
 *
 * @example
 * ```ts
 * import { createTransactionalQuery, TransactionRequiredError } from "@kysera/dal";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * const pay = createTransactionalQuery("pay", (_ctx, amount: number) => amount);
 *
 * await assert.rejects(pay(db, 5), TransactionRequiredError);
 * assert.equal(await db.transaction().execute((trx) => pay(trx, 5)), 5);
 * await db.destroy();
 * ```
 */
export function createTransactionalQuery<F extends QueryBody>(body: F): QueryOf<F>;
/**
 * Makes a query function that runs in a transaction only, and has a name.
 *
 * @param name the name, for spans, logs and the error
 * @param body what the query does; the first argument is its context
 */
export function createTransactionalQuery<F extends QueryBody>(name: string, body: F): QueryOf<F>;
export function createTransactionalQuery<F extends QueryBody>(
  ...args: readonly [F] | readonly [string, F]
): QueryOf<F> {
  const { name, body } = named(args, "createTransactionalQuery");
  return finish(name, async (context, ...rest) => {
    if (!context.isTransaction) throw new TransactionRequiredError(name);
    return await body(context, ...rest);
  });
}

function named<F extends QueryBody>(
  args: readonly [F] | readonly [string, F],
  caller: string,
): { readonly name: string | undefined; readonly body: F } {
  const [first, second] = args;
  const body = typeof first === "string" ? second : first;
  if (typeof body !== "function") {
    throw new BadRequestError(
      `Cannot make a query: ${caller}() was given no function; pass (ctx, ..args) => ..`,
    );
  }
  return { name: typeof first === "string" ? first : undefined, body };
}

function finish<F extends QueryBody>(
  name: string | undefined,
  run: (context: DbContext, ...args: unknown[]) => Promise<unknown>,
): QueryOf<F> {
  const query = async (contextOrDb: ContextLike, ...args: unknown[]): Promise<unknown> => {
    const context = toContext(contextOrDb);
    // What is to be aborted is not begun.
    context.signal?.throwIfAborted();
    return await run(context, ...args);
  };
  if (name !== undefined) {
    Object.defineProperties(query, { name: { value: name }, queryName: { value: name } });
  }
  // The arguments and the result are those of the body, by the definition of QueryOf.
  return query as unknown as QueryOf<F>;
}
