import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  QueryExecutor,
  QueryResult,
} from "kysely";
import { ForwardingExecutor, type Rest, type StreamRest } from "../_forwarding_executor.ts";
import type { Replica } from "./_freshness.ts";

/** Who writes, and when they last did. */
export interface Session {
  /** How many writes run. */
  writing: number;
  /** When the last one ended. */
  wroteAt: number;
}

/** Where queries go. */
export interface Routes {
  /** Whether a query reads and does nothing else. */
  isRead(query: CompiledQuery): boolean;
  /** The replica for a read; nothing where the primary is to run it. */
  choose(session: Session): Replica | undefined;
  /** Whether the primary should run what failed on a replica. */
  shouldFallBack(error: unknown, replica: Replica): boolean;
  /** The time. */
  now(): number;
}

/** Sends reads to replicas, and everything else to the primary. */
export class RoutedExecutor extends ForwardingExecutor {
  readonly #routes: Routes;
  readonly #session: Session;

  constructor(inner: QueryExecutor, routes: Routes, session: Session) {
    super(inner);
    this.#routes = routes;
    this.#session = session;
  }

  /** Transactions and connections: nobody knows what they will do, so they count as writes. */
  provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...options: unknown[]
  ): Promise<T> {
    return this.#writing(() => this.inner.provideConnection(consumer, ...options as []));
  }

  async executeQuery<R>(query: CompiledQuery<R>, ...rest: Rest): Promise<QueryResult<R>> {
    // A SELECT that locks, or may do more than read, counts as a write as well.
    if (!this.#routes.isRead(query)) {
      return await this.#writing(() => this.inner.executeQuery(query, ...rest));
    }
    const replica = this.#routes.choose(this.#session);
    if (replica !== undefined) {
      try {
        return await this.#on(replica).executeQuery(query, ...rest);
      } catch (error) {
        if (!this.#routes.shouldFallBack(error, replica)) throw error;
      }
    }
    return await this.inner.executeQuery(query, ...rest);
  }

  stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: StreamRest
  ): AsyncIterableIterator<QueryResult<R>> {
    if (!this.#routes.isRead(query)) return this.#streamWriting(query, chunkSize, rest);
    const replica = this.#routes.choose(this.#session);
    const executor = replica === undefined ? this.inner : this.#on(replica);
    return executor.stream(query, chunkSize, ...rest);
  }

  /** Inside a transaction, or on a connection of its own, everything stays where it is. */
  withConnectionProvider(provider: ConnectionProvider): QueryExecutor {
    return this.inner.withConnectionProvider(provider);
  }

  protected override over(inner: QueryExecutor): QueryExecutor {
    return new RoutedExecutor(inner, this.#routes, this.#session);
  }

  #on(replica: Replica): QueryExecutor {
    replica.reads++;
    const executor = replica.db.getExecutor();
    return this.inner.withConnectionProvider({
      provideConnection: (consumer, ...options) =>
        executor.provideConnection(consumer, ...options as []),
    });
  }

  async #writing<T>(write: () => Promise<T>): Promise<T> {
    const session = this.#session;
    session.writing++;
    try {
      return await write();
    } finally {
      session.writing--;
      session.wroteAt = this.#routes.now();
    }
  }

  async *#streamWriting<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    rest: StreamRest,
  ): AsyncIterableIterator<QueryResult<R>> {
    const session = this.#session;
    session.writing++;
    try {
      yield* this.inner.stream(query, chunkSize, ...rest);
    } finally {
      session.writing--;
      session.wroteAt = this.#routes.now();
    }
  }
}
