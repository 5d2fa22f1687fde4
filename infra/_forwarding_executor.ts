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

/** What Kysely's versions pass behind the query: an id once, options since; or nothing. */
export type Rest = Parameters<QueryExecutor["executeQuery"]> extends [unknown, ...infer R] ? R : [];
/** What they pass behind the size of a chunk. */
export type StreamRest = Parameters<QueryExecutor["stream"]> extends [unknown, unknown, ...infer R]
  ? R
  : [];

/** A query executor that leaves building and compiling to another one, and looks at what runs. */
export abstract class ForwardingExecutor implements QueryExecutor {
  /** The one that does the work. */
  protected readonly inner: QueryExecutor;

  constructor(inner: QueryExecutor) {
    this.inner = inner;
  }

  get adapter(): DialectAdapter {
    return this.inner.adapter;
  }

  get plugins(): readonly KyselyPlugin[] {
    return this.inner.plugins;
  }

  transformQuery<T extends RootOperationNode>(node: T, queryId: QueryId): T {
    return this.inner.transformQuery(node, queryId);
  }

  compileQuery<R = unknown>(node: RootOperationNode, queryId: QueryId): CompiledQuery<R> {
    return this.inner.compileQuery<R>(node, queryId);
  }

  abstract provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...options: unknown[]
  ): Promise<T>;

  abstract executeQuery<R>(query: CompiledQuery<R>, ...rest: Rest): Promise<QueryResult<R>>;

  abstract stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: StreamRest
  ): AsyncIterableIterator<QueryResult<R>>;

  abstract withConnectionProvider(provider: ConnectionProvider): QueryExecutor;

  withPlugin(plugin: KyselyPlugin): QueryExecutor {
    return this.over(this.inner.withPlugin(plugin));
  }

  withPlugins(plugins: readonly KyselyPlugin[]): QueryExecutor {
    return this.over(this.inner.withPlugins(plugins));
  }

  withPluginAtFront(plugin: KyselyPlugin): QueryExecutor {
    return this.over(this.inner.withPluginAtFront(plugin));
  }

  withoutPlugins(): QueryExecutor {
    return this.over(this.inner.withoutPlugins());
  }

  /** The same over another executor. */
  protected abstract over(inner: QueryExecutor): QueryExecutor;
}
