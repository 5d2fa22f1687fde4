import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  QueryExecutor,
  QueryResult,
} from "kysely";
import { raceAbort } from "../_abort.ts";
import { ForwardingExecutor, type Rest, type StreamRest } from "../_forwarding_executor.ts";
import type { Gate, Lease } from "./_gate.ts";

/** Asks at the gate for each connection: that of a query, a stream, a transaction. */
export class TrackedExecutor extends ForwardingExecutor {
  readonly #gate: Gate;
  readonly #lease: Lease | undefined;

  constructor(inner: QueryExecutor, gate: Gate, lease?: Lease) {
    super(inner);
    this.#gate = gate;
    this.#lease = lease;
  }

  provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...options: unknown[]
  ): Promise<T> {
    return this.#gate.hold(this.#lease, this.inner, consumer, options);
  }

  executeQuery<R>(query: CompiledQuery<R>, ...rest: Rest): Promise<QueryResult<R>> {
    return this.inner.withConnectionProvider(this.#once()).executeQuery(query, ...rest);
  }

  stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: StreamRest
  ): AsyncIterableIterator<QueryResult<R>> {
    const inner = this.inner.withConnectionProvider(this.#once());
    return untilAborted(inner.stream(query, chunkSize, ...rest), this.#gate.signal);
  }

  withConnectionProvider(provider: ConnectionProvider): QueryExecutor {
    return new PinnedExecutor(this.inner.withConnectionProvider(provider), this.#gate);
  }

  protected override over(inner: QueryExecutor): QueryExecutor {
    return new TrackedExecutor(inner, this.#gate, this.#lease);
  }

  /** The gate for the query's own connection; one more, to cancel the query by, needs no leave. */
  #once(): ConnectionProvider {
    let asked = false;
    return {
      provideConnection: (consumer, ...options) => {
        if (asked) return this.inner.provideConnection(consumer, ...options);
        asked = true;
        return this.provideConnection(consumer, ...options);
      },
    };
  }
}

/** Runs on a connection that is held already: what has begun goes on, until it is cancelled. */
class PinnedExecutor extends ForwardingExecutor {
  readonly #gate: Gate;

  constructor(inner: QueryExecutor, gate: Gate) {
    super(inner);
    this.#gate = gate;
  }

  async provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...options: unknown[]
  ): Promise<T> {
    this.#gate.signal.throwIfAborted();
    return await this.inner.provideConnection(consumer, ...options as []);
  }

  async executeQuery<R>(query: CompiledQuery<R>, ...rest: Rest): Promise<QueryResult<R>> {
    const { signal } = this.#gate;
    signal.throwIfAborted();
    return await raceAbort(this.inner.executeQuery(query, ...rest), signal);
  }

  stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: StreamRest
  ): AsyncIterableIterator<QueryResult<R>> {
    return untilAborted(this.inner.stream(query, chunkSize, ...rest), this.#gate.signal);
  }

  withConnectionProvider(provider: ConnectionProvider): QueryExecutor {
    return this.over(this.inner.withConnectionProvider(provider));
  }

  protected override over(inner: QueryExecutor): QueryExecutor {
    return new PinnedExecutor(inner, this.#gate);
  }
}

/** Hands out what another iterator does, until the signal is aborted. */
async function* untilAborted<T>(
  items: AsyncIterableIterator<T>,
  signal: AbortSignal,
): AsyncIterableIterator<T> {
  try {
    while (true) {
      const next = await raceAbort(items.next(), signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    const ending = items.return?.();
    // One that is waiting for its next item ends after it, whenever that is.
    if (signal.aborted) ending?.catch(() => {});
    else await ending;
  }
}
