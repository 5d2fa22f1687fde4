import type { CompiledQuery, DatabaseConnection, QueryExecutor, QueryResult } from "kysely";
import { isInTransaction, watch } from "./_connection.ts";
import type { Guard } from "./_guard.ts";
import type { QueryScope } from "./plugin.ts";

/** Runs a query on one connection, with every plugin's `aroundQuery` round it, the first outermost. */
export function runAround<R>(
  inner: QueryExecutor,
  guard: Guard,
  query: CompiledQuery<R>,
  options: Parameters<QueryExecutor["executeQuery"]>[1],
): Promise<QueryResult<R>> {
  return inner.provideConnection((bare) => {
    const connection = watch(bare);
    const onIt = inner.withConnectionProvider(only(connection));
    const scope: QueryScope = {
      dialect: guard.dialect,
      context: guard.view.context,
      metadata: guard.view.metadata,
      connection,
      get inTransaction() {
        return isInTransaction(connection);
      },
    };
    let run = (next: CompiledQuery<any>): Promise<QueryResult<any>> =>
      onIt.executeQuery(next, options);
    for (const { hooks } of [...guard.core.arounds].reverse()) {
      const next = run;
      run = (query) => hooks.aroundQuery!(query, next, scope);
    }
    return run(query);
  });
}

function only(connection: DatabaseConnection): Parameters<
  QueryExecutor["withConnectionProvider"]
>[0] {
  return { provideConnection: (consumer) => consumer(connection) };
}
