import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  QueryExecutor,
  QueryResult,
} from "kysely";
import { isInTransaction, watch } from "./_connection.ts";
import type { Guard } from "./_guard.ts";
import { ExecutorError, PluginHookError } from "./errors.ts";
import type { QueryScope } from "./plugin.ts";

/** What Kysely's versions pass behind the query: an id once, options since; or nothing. */
export type Rest = Parameters<QueryExecutor["executeQuery"]> extends [unknown, ...infer R] ? R : [];

/**
 * Runs a query on one connection, with every plugin's `aroundQuery` round it, the first outermost.
 *
 * The outcome is told as soon as it is known; the connection is given back when the database is done
 * with it, which after an aborted query is later.
 */
export function runAround<R>(
  inner: QueryExecutor,
  guard: Guard,
  query: CompiledQuery<R>,
  rest: Rest,
  begun: boolean,
): Promise<QueryResult<R>> {
  return new Promise((resolve, reject) => {
    inner.provideConnection(async (bare) => {
      const connection = watch(bare);
      const uses: Promise<unknown>[] = [];
      const scope: QueryScope = {
        dialect: guard.dialect,
        context: guard.view.context,
        metadata: guard.view.metadata,
        connection,
        get inTransaction() {
          return begun || isInTransaction(connection);
        },
      };
      let run = (next: CompiledQuery<any>): Promise<QueryResult<any>> =>
        inner.withConnectionProvider(first(connection, inner, uses)).executeQuery(next, ...rest);
      for (const { plugin, hooks } of [...guard.core.arounds].reverse()) {
        const next = run;
        run = (query) => guarded(plugin, (pass) => hooks.aroundQuery!(query, pass, scope), next);
      }
      await run(query).then(resolve, reject);
      await Promise.allSettled(uses);
    }, ...rest as []).catch(reject);
  });
}

/** Tells what a hook itself throws with the plugin's name; what came out of the query passes. */
async function guarded(
  plugin: string,
  hook: (
    next: (query: CompiledQuery) => Promise<QueryResult<any>>,
  ) => Promise<QueryResult<any>>,
  next: (query: CompiledQuery) => Promise<QueryResult<any>>,
): Promise<QueryResult<any>> {
  const passed = new Set<unknown>();
  let result: QueryResult<any> | undefined;
  try {
    result = await hook((query) =>
      next(query).catch((error) => {
        passed.add(error);
        throw error;
      })
    );
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
