import type { ExplainableQuery } from "@kysera/executor";
import type { CompiledQuery, KyselyPlugin, QueryExecutor, RootOperationNode } from "kysely";
import { createQueryId } from "kysely";

/** A query that is known by its operation node, as `explainQuery()` takes it. */
export class NodeQuery implements ExplainableQuery {
  readonly #node: RootOperationNode;
  readonly #executor: QueryExecutor;
  readonly #queryId = createQueryId();

  constructor(node: RootOperationNode, executor: QueryExecutor) {
    this.#node = node;
    this.#executor = executor;
  }

  withPlugin(plugin: KyselyPlugin): NodeQuery {
    return new NodeQuery(this.#node, this.#executor.withPlugin(plugin));
  }

  toOperationNode(): RootOperationNode {
    return this.#executor.transformQuery(this.#node, this.#queryId);
  }

  compile<T>(): CompiledQuery<T> {
    return this.#executor.compileQuery(this.toOperationNode(), this.#queryId);
  }
}
