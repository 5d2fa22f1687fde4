import type {
  CompiledQuery,
  DatabaseConnection,
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
  QueryCompiler,
  QueryId,
  QueryResult,
  TransactionSettings,
} from "kysely";

/** A statement that was sent to the database. */
export interface SentStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** The query that it belongs to; `undefined` for `begin`, `commit` and the like. */
  readonly queryId: QueryId | undefined;
  /** How long it took, in ms. */
  readonly duration: number;
  /** How many rows it returned or changed; `undefined` where it failed. */
  readonly rows: number | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
}

/** Called with each statement when the database has answered. */
export type StatementListener = (statement: SentStatement) => void;

/**
 * Returns a dialect that tells of every statement that is sent, those of plugins and of transactions
 * included.
 *
 * @param inner the dialect that sends them
 * @param listener called with each
 */
export function recordingDialect(
  inner: Dialect,
  listener: StatementListener,
): Dialect {
  return {
    createAdapter: (): DialectAdapter => inner.createAdapter(),
    createDriver: (): Driver => new RecordingDriver(inner.createDriver(), listener),
    createIntrospector: (db: Kysely<any>): DatabaseIntrospector => inner.createIntrospector(db),
    createQueryCompiler: (): QueryCompiler => inner.createQueryCompiler(),
  };
}

type SavepointMethod = NonNullable<Driver["savepoint"]>;

const SAVEPOINTS = {
  savepoint: "savepoint",
  rollbackToSavepoint: "rollback to savepoint",
  releaseSavepoint: "release savepoint",
} as const;

class RecordingDriver implements Driver {
  readonly #inner: Driver;
  readonly #listener: StatementListener;
  readonly savepoint?: SavepointMethod;
  readonly rollbackToSavepoint?: SavepointMethod;
  readonly releaseSavepoint?: SavepointMethod;

  constructor(inner: Driver, listener: StatementListener) {
    this.#inner = inner;
    this.#listener = listener;
    // Kysely asks whether a driver has savepoints by whether it has these.
    for (const [method, text] of Object.entries(SAVEPOINTS)) {
      const key = method as keyof typeof SAVEPOINTS;
      if (inner[key] === undefined) continue;
      this[key] = (connection, name, ...rest) =>
        this.#control(
          `${text} ${name}`,
          () => inner[key]!(innerOf(connection), name, ...rest),
        );
    }
  }

  init(...rest: []): Promise<void> {
    return this.#inner.init(...rest);
  }

  async acquireConnection(...rest: []): Promise<DatabaseConnection> {
    const connection = await this.#inner.acquireConnection(...rest);
    return new RecordingConnection(connection, this.#listener);
  }

  beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    return this.#control(
      "begin",
      () => this.#inner.beginTransaction(innerOf(connection), settings),
    );
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#control(
      "commit",
      () => this.#inner.commitTransaction(innerOf(connection)),
    );
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#control(
      "rollback",
      () => this.#inner.rollbackTransaction(innerOf(connection)),
    );
  }

  releaseConnection(
    connection: DatabaseConnection,
    ...rest: []
  ): Promise<void> {
    return this.#inner.releaseConnection(innerOf(connection), ...rest);
  }

  destroy(...rest: []): Promise<void> {
    return this.#inner.destroy(...rest);
  }

  async #control(sql: string, send: () => Promise<void>): Promise<void> {
    await timed(
      { sql, parameters: [], queryId: undefined },
      this.#listener,
      async () => {
        await send();
        return 0;
      },
    );
  }
}

class RecordingConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  readonly #listener: StatementListener;

  constructor(inner: DatabaseConnection, listener: StatementListener) {
    this.inner = inner;
    this.#listener = listener;
  }

  async executeQuery<R>(
    query: CompiledQuery,
    ...rest: []
  ): Promise<QueryResult<R>> {
    let result: QueryResult<R>;
    await timed(query, this.#listener, async () => {
      result = await this.inner.executeQuery<R>(query, ...rest);
      return result.rows.length > 0 ? result.rows.length : Number(result.numAffectedRows ?? 0n);
    });
    return result!;
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    ...rest: Parameters<DatabaseConnection["streamQuery"]> extends [unknown, ...infer S] ? S : []
  ): AsyncIterableIterator<QueryResult<R>> {
    const start = performance.now();
    let rows = 0;
    try {
      for await (const chunk of this.inner.streamQuery<R>(query, ...rest)) {
        rows += chunk.rows.length;
        yield chunk;
      }
    } finally {
      const { sql, parameters, queryId } = query;
      const duration = performance.now() - start;
      this.#listener({
        sql,
        parameters,
        queryId,
        duration,
        rows,
        error: undefined,
      });
    }
  }
}

/** Every connection that Kysely has was made by the driver above. */
function innerOf(connection: DatabaseConnection): DatabaseConnection {
  return (connection as RecordingConnection).inner;
}

async function timed(
  { sql, parameters, queryId }: Pick<
    SentStatement,
    "sql" | "parameters" | "queryId"
  >,
  listener: StatementListener,
  send: () => Promise<number>,
): Promise<void> {
  const start = performance.now();
  const told = (rows: number | undefined, error: string | undefined) =>
    listener({
      sql,
      parameters: [...parameters],
      queryId,
      duration: performance.now() - start,
      rows,
      error,
    });
  try {
    told(await send(), undefined);
  } catch (error) {
    told(undefined, error instanceof Error ? error.message : String(error));
    throw error;
  }
}
