import { type ContextLike, type DbContext, toContext } from "./context.ts";
import type { QueryFunction } from "./create_query.ts";

/** A step that takes what the one before it gave. */
export type Step<DB, In, Out> = (context: DbContext<DB>, input: In) => Out | Promise<Out>;

/**
 * Runs a query, and then a step with its result.
 *
 * @param first the query
 * @param second what is done with its result; it has the same context
 * @returns a query that takes the first one's arguments
 *
 * @example
 * ```ts
 * import { compose, createQuery, type DbContext } from "@kysera/dal";
 *
 * const one = createQuery((_ctx: DbContext, n: number) => Promise.resolve(n));
 * const twice = compose(one, (_ctx, n) => Promise.resolve(n * 2));
 * twice satisfies (ctx: DbContext, n: number) => Promise<number>;
 * ```
 */
export function compose<DB, Args extends readonly unknown[], A, B>(
  first: QueryFunction<DB, Args, A>,
  second: Step<DB, A, B>,
): QueryFunction<DB, Args, B> {
  return async (contextOrDb, ...args) => {
    const context = toContext(contextOrDb);
    return await second(context, await first(context, ...args));
  };
}

/**
 * Runs a query, and then each step with what the one before it gave.
 *
 * @param query the query
 * @param steps up to four, typed; they have the same context
 * @returns a query that takes the first one's arguments
 */
export function chain<DB, Args extends readonly unknown[], A, B>(
  query: QueryFunction<DB, Args, A>,
  step1: Step<DB, A, B>,
): QueryFunction<DB, Args, B>;
/** As above, with two steps. */
export function chain<DB, Args extends readonly unknown[], A, B, C>(
  query: QueryFunction<DB, Args, A>,
  step1: Step<DB, A, B>,
  step2: Step<DB, B, C>,
): QueryFunction<DB, Args, C>;
/** As above, with three steps. */
export function chain<DB, Args extends readonly unknown[], A, B, C, D>(
  query: QueryFunction<DB, Args, A>,
  step1: Step<DB, A, B>,
  step2: Step<DB, B, C>,
  step3: Step<DB, C, D>,
): QueryFunction<DB, Args, D>;
/** As above, with four steps. */
export function chain<DB, Args extends readonly unknown[], A, B, C, D, E>(
  query: QueryFunction<DB, Args, A>,
  step1: Step<DB, A, B>,
  step2: Step<DB, B, C>,
  step3: Step<DB, C, D>,
  step4: Step<DB, D, E>,
): QueryFunction<DB, Args, E>;
export function chain(
  query: QueryFunction<any, readonly unknown[], unknown>,
  ...steps: Step<any, any, unknown>[]
): QueryFunction<any, readonly unknown[], unknown> {
  return async (contextOrDb, ...args) => {
    const context = toContext(contextOrDb);
    let value = await query(context, ...args);
    for (const step of steps) value = await step(context, value);
    return value;
  };
}

/** What {@linkcode parallel} gives: the results by the names of their queries. */
export type ParallelResult<Q> = {
  [K in keyof Q]: Q[K] extends (...args: any[]) => Promise<infer Result> ? Result : never;
};

/** The arguments that all of several queries take. */
export type SharedArgs<Q> = Q[keyof Q] extends QueryFunction<any, infer Args, any> ? Args : never;

/**
 * Runs several queries with the same arguments, at the same time where each can have a connection of
 * its own.
 *
 * In a transaction there is one connection, which runs one query at a time, and whose first failure
 * spoils what follows: there the queries run one after the other, in the order of their names, and
 * the first that fails ends it. Outside, all are awaited even where one fails, and then the first
 * failure is thrown: no query is left running behind the caller's back.
 *
 * @param queries the queries, by name
 * @returns a query that gives their results by name
 */
export function parallel<Q extends Record<string, QueryFunction<any, any, any>>>(
  queries: Q,
): QueryFunction<any, SharedArgs<Q>, ParallelResult<Q>> {
  const entries = Object.entries(queries);
  return async (contextOrDb: ContextLike, ...args: SharedArgs<Q>) => {
    const context = toContext(contextOrDb);
    const results: Record<string, unknown> = {};
    if (context.isTransaction) {
      for (const [name, query] of entries) results[name] = await query(context, ...args);
    } else {
      const settled = await Promise.allSettled(
        entries.map(([, query]) => query(context, ...args)),
      );
      settled.forEach((outcome, i) => {
        if (outcome.status === "rejected") throw outcome.reason;
        results[entries[i]![0]] = outcome.value;
      });
    }
    // Every name of Q was given its result.
    return results as ParallelResult<Q>;
  };
}

/**
 * Runs a query where a condition holds.
 *
 * @param condition looks at the context and the arguments
 * @param query the query
 * @param otherwise what is given where the condition does not hold. Default `undefined`
 * @returns a query that takes the same arguments
 */
export function conditional<DB, Args extends readonly unknown[], A, B = undefined>(
  condition: (context: DbContext<DB>, ...args: Args) => boolean | Promise<boolean>,
  query: QueryFunction<DB, Args, A>,
  otherwise?: B,
): QueryFunction<DB, Args, A | B> {
  return async (contextOrDb, ...args) => {
    const context = toContext(contextOrDb);
    // Where it is left out, B is undefined.
    return await condition(context, ...args) ? await query(context, ...args) : otherwise as B;
  };
}

/**
 * Changes what a query gives.
 *
 * @param query the query
 * @param mapper makes the new result
 * @returns a query that takes the same arguments
 */
export function mapResult<DB, Args extends readonly unknown[], A, B>(
  query: QueryFunction<DB, Args, A>,
  mapper: (result: A) => B | Promise<B>,
): QueryFunction<DB, Args, B> {
  return async (contextOrDb, ...args) => await mapper(await query(contextOrDb, ...args));
}
