import { context, type Span, SpanStatusCode, trace } from "@opentelemetry/api";
import type {
  CompiledQuery,
  DatabaseConnection,
  Driver,
  QueryCompiler,
  QueryResult,
  TransactionSettings,
} from "kysely";
import type { Operation, Telemetry } from "./_telemetry.ts";

/** What Kysely's versions pass behind the arguments: options for aborting, or nothing. */
type Rest = [];
type Savepoint = [name: string, compileQuery: QueryCompiler["compileQuery"]];

const SAVEPOINTS = {
  savepoint: "SAVEPOINT",
  rollbackToSavepoint: "ROLLBACK TO SAVEPOINT",
  releaseSavepoint: "RELEASE SAVEPOINT",
} as const;

/** A driver round another one, which tells what is sent. */
export class TracedDriver implements Driver {
  readonly #inner: Driver;
  readonly #telemetry: Telemetry;
  readonly savepoint?: (connection: DatabaseConnection, ...rest: Savepoint) => Promise<void>;
  readonly rollbackToSavepoint?: typeof this.savepoint;
  readonly releaseSavepoint?: typeof this.savepoint;

  constructor(inner: Driver, telemetry: Telemetry) {
    this.#inner = inner;
    this.#telemetry = telemetry;
    // Kysely asks whether a driver has savepoints by whether it has these.
    for (const kind of ["savepoint", "rollbackToSavepoint", "releaseSavepoint"] as const) {
      if (inner[kind] === undefined) continue;
      this[kind] = (connection, ...rest) => {
        const traced = asTraced(connection);
        return this.#control(SAVEPOINTS[kind], traced, () => inner[kind]!(traced.inner, ...rest));
      };
    }
  }

  init(...rest: Rest): Promise<void> {
    return this.#inner.init(...rest);
  }

  async acquireConnection(...rest: Rest): Promise<DatabaseConnection> {
    return new TracedConnection(await this.#inner.acquireConnection(...rest), this.#telemetry);
  }

  async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    const traced = asTraced(connection);
    traced.open(this.#telemetry.transaction());
    try {
      await this.#control(
        "BEGIN",
        traced,
        () => this.#inner.beginTransaction(traced.inner, settings),
      );
    } catch (error) {
      traced.close("not begun");
      throw error;
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const traced = asTraced(connection);
    // A COMMIT that failed is followed by a ROLLBACK, which ends the span.
    await this.#control("COMMIT", traced, () => this.#inner.commitTransaction(traced.inner));
    traced.close("committed");
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const traced = asTraced(connection);
    try {
      await this.#control("ROLLBACK", traced, () => this.#inner.rollbackTransaction(traced.inner));
    } finally {
      traced.close("rolled back");
    }
  }

  async releaseConnection(connection: DatabaseConnection, ...rest: Rest): Promise<void> {
    const traced = asTraced(connection);
    traced.close("left open");
    await this.#inner.releaseConnection(traced.inner, ...rest);
  }

  destroy(...rest: Rest): Promise<void> {
    return this.#inner.destroy(...rest);
  }

  #control(
    operation: string,
    traced: TracedConnection,
    call: () => Promise<void>,
  ): Promise<void> {
    return watch(this.#telemetry, this.#telemetry.control(operation, traced.parent), call);
  }
}

/** A connection that tells of its queries. */
class TracedConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  readonly #telemetry: Telemetry;
  #transaction: Span | undefined;
  /** The span that was active when the transaction began. */
  #outer: Span | undefined;

  constructor(inner: DatabaseConnection, telemetry: Telemetry) {
    this.inner = inner;
    this.#telemetry = telemetry;
    // How a query is aborted: there in some drivers only.
    for (const key of ["cancelQuery", "killSession", "collectSessionInfo"] as const) {
      const method: unknown = Reflect.get(inner, key);
      if (typeof method === "function") {
        Object.defineProperty(this, key, { value: method.bind(inner) });
      }
    }
  }

  /** The transaction; or nothing, where the application has begun a span of its own within it. */
  get parent(): Span | undefined {
    if (this.#transaction === undefined) return undefined;
    const active = trace.getSpan(context.active());
    return active === undefined || active === this.#outer ? this.#transaction : undefined;
  }

  open(span: Span): void {
    this.#transaction = span;
    this.#outer = trace.getSpan(context.active());
  }

  close(outcome: "committed" | "rolled back" | "not begun" | "left open"): void {
    const span = this.#transaction;
    if (span === undefined) return;
    this.#transaction = undefined;
    span.setAttribute("kysera.transaction.outcome", outcome);
    if (outcome === "not begun" || outcome === "left open") {
      span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    }
    span.end();
  }

  executeQuery<R>(query: CompiledQuery, ...rest: Rest): Promise<QueryResult<R>> {
    const operation = this.#telemetry.query(query, this.parent);
    const sent = this.#telemetry.commented(query, operation);
    return watch(this.#telemetry, operation, () => this.inner.executeQuery<R>(sent, ...rest));
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
    ...rest: Rest
  ): AsyncIterableIterator<QueryResult<R>> {
    const operation = this.#telemetry.query(query, this.parent);
    let failure: { readonly error: unknown } | undefined;
    try {
      const sent = this.#telemetry.commented(query, operation);
      const within = <T>(call: () => T): T => this.#telemetry.within(operation, call);
      yield* pulledBy(within, within(() => this.inner.streamQuery<R>(sent, chunkSize, ...rest)));
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      this.#telemetry.end(operation, failure);
    }
  }
}

/** A stream that runs no further than inside of `within`. */
function pulledBy<T>(
  within: <R>(call: () => R) => R,
  stream: AsyncIterableIterator<T>,
): AsyncIterableIterator<T> {
  return {
    next: () => within(() => stream.next()),
    ...stream.return === undefined ? {} : {
      return: (value?: unknown) => within(() => stream.return!(value)),
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function watch<T>(
  telemetry: Telemetry,
  operation: Operation,
  call: () => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await telemetry.within(operation, call);
  } catch (error) {
    telemetry.end(operation, { error });
    throw error;
  }
  telemetry.end(operation);
  return result;
}

function asTraced(connection: DatabaseConnection): TracedConnection {
  if (connection instanceof TracedConnection) return connection;
  throw new TypeError(
    "Cannot use a connection that the traced driver did not give; pass on the one it gave",
  );
}
