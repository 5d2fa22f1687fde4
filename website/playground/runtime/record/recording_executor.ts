import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  DialectAdapter,
  KyselyPlugin,
  QueryExecutor,
  QueryId,
  QueryResult,
  RootOperationNode,
} from "kysely";

type ExecuteRest = Parameters<QueryExecutor["executeQuery"]> extends [unknown, ...infer R] ? R
  : never;
type StreamRest = Parameters<QueryExecutor["stream"]> extends [unknown, unknown, ...infer R] ? R
  : never;

/** What is told of the queries that pass a {@linkcode RecordingExecutor}. */
export interface QueryObserver {
  /** A query was rewritten. */
  transformed(written: RootOperationNode, rewritten: RootOperationNode): void;
  /** A query was refused when it was rewritten. */
  refused(written: RootOperationNode, by: QueryExecutor, error: unknown): void;
  /** A query was compiled. */
  compiled(node: RootOperationNode, query: CompiledQuery): void;
  /** A query is about to run; what is returned is told how it ended. */
  started(query: CompiledQuery, by: QueryExecutor): QueryEnd;
}

/** How a query ended. */
export interface QueryEnd {
  /** It gave a result. */
  succeeded(
    result: Pick<QueryResult<unknown>, "rows" | "numAffectedRows">,
  ): void;
  /** It failed. */
  failed(error: unknown): void;
}

/**
 * A query executor that tells an observer of each query before and after another executor has
 * rewritten it. Whatever is made of it, such as that of a transaction, tells the same observer.
 */
export class RecordingExecutor implements QueryExecutor {
  readonly #inner: QueryExecutor;
  readonly #observer: QueryObserver;

  constructor(inner: QueryExecutor, observer: QueryObserver) {
    this.#inner = inner;
    this.#observer = observer;
  }

  get adapter(): DialectAdapter {
    return this.#inner.adapter;
  }

  get plugins(): readonly KyselyPlugin[] {
    return this.#inner.plugins;
  }

  transformQuery<T extends RootOperationNode>(node: T, queryId: QueryId): T {
    try {
      const rewritten = this.#inner.transformQuery(node, queryId);
      this.#observer.transformed(node, rewritten);
      return rewritten;
    } catch (error) {
      this.#observer.refused(node, this.#inner, error);
      throw error;
    }
  }

  compileQuery<R = unknown>(
    node: RootOperationNode,
    queryId: QueryId,
  ): CompiledQuery<R> {
    const query = this.#inner.compileQuery<R>(node, queryId);
    this.#observer.compiled(node, query);
    return query;
  }

  async executeQuery<R>(
    query: CompiledQuery<R>,
    ...rest: ExecuteRest
  ): Promise<QueryResult<R>> {
    const end = this.#observer.started(query, this.#inner);
    try {
      const result = await this.#inner.executeQuery(query, ...rest);
      end.succeeded(result);
      return result;
    } catch (error) {
      end.failed(error);
      throw error;
    }
  }

  async *stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: StreamRest
  ): AsyncIterableIterator<QueryResult<R>> {
    const end = this.#observer.started(query, this.#inner);
    const rows: R[] = [];
    try {
      for await (const chunk of this.#inner.stream(query, chunkSize, ...rest)) {
        rows.push(...chunk.rows);
        yield chunk;
      }
      end.succeeded({ rows });
    } catch (error) {
      end.failed(error);
      throw error;
    }
  }

  provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...options: unknown[]
  ): Promise<T> {
    return this.#inner.provideConnection(consumer, ...options as []);
  }

  withConnectionProvider(provider: ConnectionProvider): QueryExecutor {
    return this.#over(this.#inner.withConnectionProvider(provider));
  }

  withPlugin(plugin: KyselyPlugin): QueryExecutor {
    return this.#over(this.#inner.withPlugin(plugin));
  }

  withPlugins(plugins: readonly KyselyPlugin[]): QueryExecutor {
    return this.#over(this.#inner.withPlugins(plugins));
  }

  withPluginAtFront(plugin: KyselyPlugin): QueryExecutor {
    return this.#over(this.#inner.withPluginAtFront(plugin));
  }

  withoutPlugins(): QueryExecutor {
    return this.#over(this.#inner.withoutPlugins());
  }

  #over(inner: QueryExecutor): QueryExecutor {
    return new RecordingExecutor(inner, this.#observer);
  }
}
