import { abortable, BadRequestError } from "@kysera/core";
import { type ContextLike, type DatabaseOf, type DbContext, toContext } from "./context.ts";
import type {
  InferArgs,
  InferContext,
  InferResult,
  KyselyFor,
  QueryFunction,
} from "./create_query.ts";

/** A step that takes what the one before it gave. */
export type Step<C extends DbContext, In, Out> = (context: C, input: In) => Out | Promise<Out>;

/** A query of which only what matters to those who call it is known. */
export type AnyQuery = (context: any, ...args: any[]) => Promise<unknown>;

/**
 * Runs a query, and then a step with its result.
 *
 * @param first the query
 * @param second what is done with its result; it has the same context
 * @returns a query that takes the first one's arguments
 *
 * @example
 * ```ts
 * import { compose, createQuery } from "@kysera/dal";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * const one = createQuery((_ctx, n: number) => n);
 * const twice = compose(one, (_ctx, n) => n * 2);
 *
 * assert.equal(await twice(db, 21), 42);
 * await db.destroy();
 * ```
 */
export function compose<C extends DbContext, Args extends readonly unknown[], A, B>(
  first: QueryFunction<any, Args, A, C>,
  second: Step<C, A, B>,
): QueryFunction<DatabaseOf<C>, Args, B, C> {
  return async (contextOrDb: C | KyselyFor<any, C>, ...args: Args): Promise<B> => {
    const context = contextOf<C>(contextOrDb);
    const value = await first(context, ...args);
    context.signal?.throwIfAborted();
    return await second(context, value);
  };
}

/**
 * Runs a query, and then each step with what the one before it gave.
 *
 * @param query the query
 * @param steps up to eight; they have the same context
 * @returns a query that takes the first one's arguments
 *
 * @example
 * ```ts
 * import { chain, createQuery } from "@kysera/dal";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * const one = createQuery((_ctx, n: number) => n);
 * const text = chain(one, (_ctx, n) => n * 2, (_ctx, n) => `${n} rows`);
 *
 * assert.equal(await text(db, 21), "42 rows");
 * await db.destroy();
 * ```
 */
export function chain<Ctx extends DbContext, Args extends readonly unknown[], A, B>(
  query: QueryFunction<any, Args, A, Ctx>,
  step1: Step<Ctx, A, B>,
): QueryFunction<DatabaseOf<Ctx>, Args, B, Ctx>;
/** Runs a query, and then two steps. */
export function chain<Ctx extends DbContext, Args extends readonly unknown[], A, B, C>(
  query: QueryFunction<any, Args, A, Ctx>,
  step1: Step<Ctx, A, B>,
  step2: Step<Ctx, B, C>,
): QueryFunction<DatabaseOf<Ctx>, Args, C, Ctx>;
/** Runs a query, and then three steps. */
export function chain<Ctx extends DbContext, Args extends readonly unknown[], A, B, C, D>(
  query: QueryFunction<any, Args, A, Ctx>,
  step1: Step<Ctx, A, B>,
  step2: Step<Ctx, B, C>,
  step3: Step<Ctx, C, D>,
): QueryFunction<DatabaseOf<Ctx>, Args, D, Ctx>;
/** Runs a query, and then four steps. */
export function chain<Ctx extends DbContext, Args extends readonly unknown[], A, B, C, D, E>(
  query: QueryFunction<any, Args, A, Ctx>,
  step1: Step<Ctx, A, B>,
  step2: Step<Ctx, B, C>,
  step3: Step<Ctx, C, D>,
  step4: Step<Ctx, D, E>,
): QueryFunction<DatabaseOf<Ctx>, Args, E, Ctx>;
/** Runs a query, and then five steps. */
export function chain<Ctx extends DbContext, Args extends readonly unknown[], A, B, C, D, E, F>(
  query: QueryFunction<any, Args, A, Ctx>,
  step1: Step<Ctx, A, B>,
  step2: Step<Ctx, B, C>,
  step3: Step<Ctx, C, D>,
  step4: Step<Ctx, D, E>,
  step5: Step<Ctx, E, F>,
): QueryFunction<DatabaseOf<Ctx>, Args, F, Ctx>;
/** Runs a query, and then six steps. */
export function chain<Ctx extends DbContext, Args extends readonly unknown[], A, B, C, D, E, F, G>(
  query: QueryFunction<any, Args, A, Ctx>,
  step1: Step<Ctx, A, B>,
  step2: Step<Ctx, B, C>,
  step3: Step<Ctx, C, D>,
  step4: Step<Ctx, D, E>,
  step5: Step<Ctx, E, F>,
  step6: Step<Ctx, F, G>,
): QueryFunction<DatabaseOf<Ctx>, Args, G, Ctx>;
/** Runs a query, and then seven steps. */
export function chain<
  Ctx extends DbContext,
  Args extends readonly unknown[],
  A,
  B,
  C,
  D,
  E,
  F,
  G,
  H,
>(
  query: QueryFunction<any, Args, A, Ctx>,
  step1: Step<Ctx, A, B>,
  step2: Step<Ctx, B, C>,
  step3: Step<Ctx, C, D>,
  step4: Step<Ctx, D, E>,
  step5: Step<Ctx, E, F>,
  step6: Step<Ctx, F, G>,
  step7: Step<Ctx, G, H>,
): QueryFunction<DatabaseOf<Ctx>, Args, H, Ctx>;
/** Runs a query, and then eight steps. */
export function chain<
  Ctx extends DbContext,
  Args extends readonly unknown[],
  A,
  B,
  C,
  D,
  E,
  F,
  G,
  H,
  I,
>(
  query: QueryFunction<any, Args, A, Ctx>,
  step1: Step<Ctx, A, B>,
  step2: Step<Ctx, B, C>,
  step3: Step<Ctx, C, D>,
  step4: Step<Ctx, D, E>,
  step5: Step<Ctx, E, F>,
  step6: Step<Ctx, F, G>,
  step7: Step<Ctx, G, H>,
  step8: Step<Ctx, H, I>,
): QueryFunction<DatabaseOf<Ctx>, Args, I, Ctx>;
export function chain(query: AnyQuery, ...steps: Step<any, any, unknown>[]): AnyQuery {
  return async (contextOrDb: ContextLike, ...args) => {
    const context = toContext(contextOrDb);
    let value = await query(context, ...args);
    for (const step of steps) {
      context.signal?.throwIfAborted();
      value = await step(context, value);
    }
    return value;
  };
}

/** What {@linkcode parallel} gives: the results by the names of their queries. */
export type ParallelResult<Q> = { [K in keyof Q]: InferResult<Q[K]> };

/** The arguments that all of several queries take. */
export type SharedArgs<Q> = { [K in keyof Q]: (args: InferArgs<Q[K]>) => void }[keyof Q] extends
  (args: infer Args extends readonly unknown[]) => void ? Args : never;

/** The context that is enough for all of several queries. */
export type SharedContext<Q> =
  { [K in keyof Q]: (context: InferContext<Q[K]>) => void }[keyof Q] extends
    (context: infer C extends DbContext) => void ? C : never;

/**
 * Runs several queries with the same arguments, at the same time where each can have a connection of
 * its own.
 *
 * In a transaction there is one connection, which runs one query at a time, and whose first failure
 * spoils what follows: there the queries run one after the other, in the order of their names, and
 * the first that fails ends it. Outside, all are awaited even where one fails, and then the first
 * failure is thrown: no query is left running behind the caller's back, but where the signal of the
 * context is aborted.
 *
 * @param queries the queries, by name
 * @returns a query that gives their results by name
 *
 * @example
 * ```ts
 * import { createQuery, parallel } from "@kysera/dal";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * const both = parallel({
 *   twice: createQuery((_ctx, n: number) => n * 2),
 *   half: createQuery((_ctx, n: number) => n / 2),
 * });
 *
 * assert.deepEqual(await both(db, 8), { twice: 16, half: 4 });
 * await db.destroy();
 * ```
 */
export function parallel<Q extends Readonly<Record<string, AnyQuery>>>(
  queries: Q,
): QueryFunction<
  DatabaseOf<SharedContext<Q>>,
  SharedArgs<Q>,
  ParallelResult<Q>,
  SharedContext<Q>
> {
  const entries = Object.entries(queries);
  const run = async (contextOrDb: ContextLike, ...args: unknown[]): Promise<unknown> => {
    const context = toContext(contextOrDb);
    const results: [string, unknown][] = [];
    if (context.isTransaction) {
      for (const [name, query] of entries) {
        context.signal?.throwIfAborted();
        results.push([name, await query(context, ...args)]);
      }
    } else {
      const settled = await abortable(
        context.signal,
        () => Promise.allSettled(entries.map(([, query]) => query(context, ...args))),
      );
      settled.forEach((outcome, i) => {
        if (outcome.status === "rejected") throw outcome.reason;
        results.push([entries[i]![0], outcome.value]);
      });
    }
    // Unlike an assignment, this makes "__proto__" a name as any other.
    return Object.fromEntries(results);
  };
  // Every name of Q is given its result.
  return run as unknown as ReturnType<typeof parallel<Q>>;
}

/**
 * Runs a query where a condition holds.
 *
 * @param condition looks at the context and the arguments
 * @param query the query
 * @param otherwise what is given where the condition does not hold. Default `undefined`
 * @returns a query that takes the same arguments
 *
 * @example
 * ```ts
 * import { conditional, createQuery } from "@kysera/dal";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * const one = createQuery((_ctx, n: number) => n);
 * const positive = conditional((_ctx, n) => n > 0, one, 0);
 *
 * assert.equal(await positive(db, -3), 0);
 * await db.destroy();
 * ```
 */
export function conditional<
  C extends DbContext,
  Args extends readonly unknown[],
  A,
  B = undefined,
>(
  condition: (context: C, ...args: NoInfer<Args>) => boolean | Promise<boolean>,
  query: QueryFunction<any, Args, A, C>,
  otherwise?: B,
): QueryFunction<DatabaseOf<C>, Args, A | B, C> {
  return async (contextOrDb: C | KyselyFor<any, C>, ...args: Args): Promise<A | B> => {
    const context = contextOf<C>(contextOrDb);
    // Where it is left out, B is undefined.
    return await condition(context, ...args) ? await query(context, ...args) : otherwise as B;
  };
}

/**
 * Changes what a query gives, the result as a whole: of a list, `(rows) => rows.map(..)`.
 *
 * @param query the query
 * @param mapper makes the new result
 * @returns a query that takes the same arguments
 * @throws {BadRequestError} where `mapper` is a function of a row and its index, or reads of a list
 * what lists do not have: it takes the list for a row
 *
 * @example
 * ```ts
 * import { createQuery, mapResult } from "@kysera/dal";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * const one = createQuery((_ctx, n: number) => n);
 * const text = mapResult(one, (n) => n.toFixed(2));
 *
 * assert.equal(await text(db, 3), "3.00");
 * await db.destroy();
 * ```
 */
export function mapResult<C extends DbContext, Args extends readonly unknown[], A, B>(
  query: QueryFunction<any, Args, A, C>,
  mapper: (result: A) => B | Promise<B>,
): QueryFunction<DatabaseOf<C>, Args, B, C> {
  if (mapper.length > 1) throw ofRows("it has a second parameter");
  return async (contextOrDb: C | KyselyFor<any, C>, ...args: Args): Promise<B> => {
    const result = await query(contextOrDb, ...args);
    return await (Array.isArray(result) ? asList(result, mapper) : mapper(result));
  };
}

/**
 * Calls a function with a list. Where it reads what no list has, it takes the list for a row of it, and
 * would go on with `undefined`: the libraries that have a function of this name call it for each row.
 */
function asList<T extends unknown[], B>(list: T, mapper: (list: T) => B): B {
  const prototype: object | null = Object.getPrototypeOf(list);
  if (prototype !== Array.prototype || !Object.isExtensible(list)) return mapper(list);
  Object.setPrototypeOf(list, LIST);
  try {
    return mapper(list);
  } finally {
    Object.setPrototypeOf(list, prototype);
  }
}

/** What whoever looks at any value reads of it. */
const ASKED_OF_ANY: ReadonlySet<string> = new Set([
  "then",
  "toJSON",
  "nodeType",
  "asymmetricMatch",
]);

const LIST: object = new Proxy(Array.prototype, {
  get(target, key, receiver): unknown {
    if (typeof key === "string" && !(key in target)) {
      const isIndex = /^\d{1,10}$/.test(key);
      if (!isIndex && !ASKED_OF_ANY.has(key)) throw ofRows(`it reads "${key}" of a list`);
    }
    return Reflect.get(target, key, receiver);
  },
});

function ofRows(problem: string): BadRequestError {
  return new BadRequestError(
    `Cannot map the result: the function is one of a row (${problem}), and mapResult() calls it with ` +
      "the whole result; pass (rows) => rows.map(..)",
  );
}

function contextOf<C extends DbContext>(contextOrDb: C | KyselyFor<any, C>): C {
  // A Kysely is taken only where nothing but a plain context is wanted.
  return toContext(contextOrDb as ContextLike) as C;
}
