import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  QueryExecutor,
  QueryResult,
} from "kysely";
import { watch } from "./_connection.ts";
import type { NamedHooks } from "../contract/_call_hook.ts";
import { HookScope, type Place, type RunContext } from "./_query_scope.ts";
import { ExecutorError, PluginHookError } from "../contract/errors.ts";

/** What Kysely's versions pass behind the query: an id once, options since; or nothing. */
export type Rest = Parameters<QueryExecutor["executeQuery"]> extends [unknown, ...infer R] ? R : [];

/**
 * Runs a query on one connection, with every plugin's `aroundQuery` round it, the first outermost.
 *
 * The connection is given back when the database is done with it. A query with a signal tells its
 * outcome as soon as it is known, which after it was aborted is earlier.
 */
export function runAround<R>(
  inner: QueryExecutor,
  context: RunContext,
  arounds: readonly NamedHooks[],
  query: CompiledQuery<R>,
  rest: Rest,
  place: Place,
): Promise<QueryResult<R>> {
  const on = async (
    bare: DatabaseConnection,
    tell: (outcome: Promise<QueryResult<R>>) => void,
  ): Promise<QueryResult<R>> => {
    const connection = watch(bare, context.traits);
    const uses: Promise<unknown>[] = [];
    const passed = new Set<unknown>();
    const scope = new HookScope({ run: context, inner, connection, query, place, uses, passed });
    let run = (next: CompiledQuery<any>): Promise<QueryResult<any>> => {
      scope.batch?.send(next);
      return inner.withConnectionProvider(first(connection, inner, uses)).executeQuery(
        next,
        ...rest,
      ).catch((error) => {
        passed.add(error);
        throw error;
      });
    };
    for (const { plugin, hooks } of [...arounds].reverse()) {
      const next = run;
      run = (query) => guarded(plugin, () => hooks.aroundQuery!(query, next, scope), passed);
    }
    const outcome = run(context.whole(query));
    tell(outcome);
    try {
      return await outcome;
    } finally {
      await scope.end();
    }
  };
  if (!hasSignal(rest)) return inner.provideConnection((bare) => on(bare, () => {}), ...rest as []);
  return new Promise((resolve, reject) => {
    inner.provideConnection(
      (bare) => on(bare, (outcome) => void outcome.then(resolve, reject)),
      ...rest as [],
    ).catch(reject);
  });
}

function hasSignal([options]: readonly unknown[]): boolean {
  return typeof options === "object" && options !== null && "signal" in options &&
    options.signal !== undefined;
}

/** Wraps what a hook itself throws with the plugin's name; what came out of the query passes. */
async function guarded(
  plugin: string,
  hook: () => Promise<QueryResult<any>>,
  passed: ReadonlySet<unknown>,
): Promise<QueryResult<any>> {
  let result: QueryResult<any> | undefined;
  try {
    result = await hook();
  } catch (error) {
    if (passed.has(error) || error instanceof ExecutorError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new PluginHookError(plugin, "aroundQuery", `it threw (${why})`, { cause: error });
  }
  if (Array.isArray(result?.rows)) return result;
  throw new PluginHookError(
    plugin,
    "aroundQuery",
    "it answered with no result; return what next(query) gives",
  );
}

/** Gives the connection to the query; a second one, to cancel it by, comes from where it came from. */
function first(
  connection: DatabaseConnection,
  provider: ConnectionProvider,
  uses: Promise<unknown>[],
): ConnectionProvider {
  let given = false;
  return {
    provideConnection(consumer, ...rest) {
      if (given) return provider.provideConnection(consumer, ...rest);
      given = true;
      const use = consumer(connection);
      uses.push(use);
      return use;
    },
  };
}
