import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryExecutor,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from "kysely";
import type { GuardedExecutor } from "./_guarded_executor.ts";

/**
 * A request to the guarded executor inside a Kysely instance or a query builder, sent by the one way
 * that Kysely has to reach it through its own wrappers (a transaction's executor hides ours):
 * `withPlugin`.
 */
export class ExecutorCommand implements KyselyPlugin {
  /** Answers the request: the executor that takes the place of the one that is asked. */
  readonly obey: (executor: GuardedExecutor) => QueryExecutor;

  constructor(obey: (executor: GuardedExecutor) => QueryExecutor) {
    this.obey = obey;
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}
