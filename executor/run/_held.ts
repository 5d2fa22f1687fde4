import { ConnectionHeldError } from "@kysera/core";
import type { ConnectionProvider, DatabaseConnection, QueryExecutor } from "kysely";

/** How long a query waits while nothing runs on the connections that are held, in ms. */
export const ACQUIRE_TIMEOUT = 5_000;

/** The longest delay that timers keep, in ms. */
const LONGEST = 2_147_483_647;

/** What is told of the use of a connection that is held. */
export interface Activity {
  /** A statement begins to run. */
  begin(): void;
  /** It has ended. */
  end(): void;
}

/**
 * The connections that transactions, streams and `connection()` of an executor hold.
 *
 * A query that waits for a connection may wait for as long as these are used. Where nothing at all
 * happens on them for the timeout, they most likely wait for that query: it stands inside of a
 * transaction, and was given to the instance that the transaction was begun on.
 */
export class HeldConnections implements Activity {
  readonly #timeout: number;
  #held = 0;
  #running = 0;
  /** How often they were used, taken or given back. */
  #uses = 0;

  /** @param timeout in ms; `Infinity` waits for ever */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  begin(): void {
    this.#running++;
  }

  end(): void {
    this.#running--;
    this.#uses++;
  }

  /** Returns what `consumer` does with a connection that it holds meanwhile. */
  async hold<T>(
    connection: DatabaseConnection,
    consumer: (connection: DatabaseConnection) => Promise<T>,
  ): Promise<T> {
    this.#held++;
    this.#uses++;
    try {
      return await consumer(connection);
    } finally {
      this.#held--;
      this.#uses++;
    }
  }

  /** Returns an executor whose connections are held as long as they are used: for a stream. */
  holding(inner: QueryExecutor): QueryExecutor {
    const source = this.source(inner);
    return source.withConnectionProvider({
      provideConnection: (consumer, ...rest) =>
        source.provideConnection((connection) => this.hold(connection, consumer), ...rest),
    });
  }

  /** Returns each chunk of a stream, and takes it for a use of its connection. */
  async *noting<T>(stream: AsyncIterableIterator<T>): AsyncIterableIterator<T> {
    for await (const chunk of stream) {
      this.#uses++;
      yield chunk;
    }
  }

  /** Returns an executor that does not wait in vain for a connection of its own. */
  source(inner: QueryExecutor): QueryExecutor {
    // Where none is held, whoever waits is not waited for.
    if (this.#held === 0 || this.#timeout > LONGEST) return inner;
    return inner.withConnectionProvider({
      provideConnection: (consumer, ...rest) => this.#provide(inner, consumer, rest as []),
    });
  }

  #provide<T>(
    provider: ConnectionProvider,
    consumer: (connection: DatabaseConnection) => Promise<T>,
    rest: [],
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let hasGivenUp = false;
      const watch = (): void => {
        const uses = this.#uses;
        timer = setTimeout(() => {
          if (this.#uses !== uses || this.#running > 0 || this.#held === 0) return watch();
          hasGivenUp = true;
          reject(new ConnectionHeldError(this.#timeout));
        }, this.#timeout);
      };
      watch();
      provider.provideConnection((connection) => {
        clearTimeout(timer);
        // What was told to have failed must not be done after all.
        return hasGivenUp ? Promise.resolve(undefined as T) : consumer(connection);
      }, ...rest).then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
