import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  QueryExecutor,
  QueryResult,
} from "kysely";
import { ForwardingExecutor, type Rest, type StreamRest } from "../_forwarding_executor.ts";

/** What a lease lets run. */
export interface LeaseGate {
  /**
   * Notes that a query, a transaction or the use of a connection begins.
   *
   * @param query the query; `undefined` where it is not known what will run
   * @param isInside whether it is a part of a transaction or the use of a connection, which was noted
   * @returns what to call when it has ended
   * @throws {TenantLeaseError} if the lease has ended
   * @throws {TenantUnavailableError} for what may write, while the tenant is moved
   */
  begin(query: CompiledQuery | undefined, isInside: boolean): () => void;
}

/** Runs queries for as long as a lease is held, and writes unless the tenant is being moved. */
export class LeasedExecutor extends ForwardingExecutor {
  readonly #gate: LeaseGate;
  /** Whether it is one of a transaction or of the use of a connection. */
  readonly #isInside: boolean;

  constructor(inner: QueryExecutor, gate: LeaseGate, isInside = false) {
    super(inner);
    this.#gate = gate;
    this.#isInside = isInside;
  }

  async provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...options: unknown[]
  ): Promise<T> {
    const end = this.#gate.begin(undefined, this.#isInside);
    try {
      return await this.inner.provideConnection(consumer, ...options as []);
    } finally {
      end();
    }
  }

  async executeQuery<R>(query: CompiledQuery<R>, ...rest: Rest): Promise<QueryResult<R>> {
    const end = this.#gate.begin(query, this.#isInside);
    try {
      return await this.inner.executeQuery(query, ...rest);
    } finally {
      end();
    }
  }

  async *stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: StreamRest
  ): AsyncIterableIterator<QueryResult<R>> {
    const end = this.#gate.begin(query, this.#isInside);
    try {
      yield* this.inner.stream(query, chunkSize, ...rest);
    } finally {
      end();
    }
  }

  withConnectionProvider(provider: ConnectionProvider): QueryExecutor {
    return new LeasedExecutor(this.inner.withConnectionProvider(provider), this.#gate, true);
  }

  protected override over(inner: QueryExecutor): QueryExecutor {
    return new LeasedExecutor(inner, this.#gate, this.#isInside);
  }
}
