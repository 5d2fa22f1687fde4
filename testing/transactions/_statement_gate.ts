import {
  CompiledQuery,
  type ConnectionProvider,
  type DatabaseConnection,
  type DialectAdapter,
  type KyselyPlugin,
  type QueryExecutor,
  type QueryId,
  type QueryResult,
  type RootOperationNode,
} from "kysely";
import { parseDatabaseError } from "@kysera/core";
import { TestEscapedError } from "./test_escaped_error.ts";

const NAME = "kysera_test_statement";
const SAVEPOINT = /^\s*savepoint\b/i;
const RELEASE = /^\s*release\b/i;
const ROLLBACK_TO = /^\s*rollback\s+(?:work\s+|transaction\s+)?to\b/i;

/**
 * Lets each statement of a test stand for itself, as statements outside of a transaction do: one that
 * fails is undone, and the test's transaction goes on. PostgreSQL would refuse all that comes after.
 * Inside of a transaction of the code under test a failure aborts that one, as it does elsewhere.
 */
export class StatementGate {
  readonly #connection: DatabaseConnection;
  readonly #isNested: () => boolean;
  /** Savepoints that the code under test has made itself. */
  #savepoints = 0;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param connection the connection of the test's transaction
   * @param isNested whether a transaction of the code under test is open
   */
  constructor(connection: DatabaseConnection, isNested: () => boolean) {
    this.#connection = connection;
    this.#isNested = isNested;
  }

  /** A query executor whose queries pass through the gate. */
  over(executor: QueryExecutor): QueryExecutor {
    return new GatedExecutor(executor, this);
  }

  /** Runs a query of the test. */
  async run<T>(query: CompiledQuery, execute: () => Promise<T>): Promise<T> {
    if (query.query.kind === "RawNode" && this.#counts(query.sql)) return await execute();
    if (this.#savepoints > 0 || this.#isNested()) return await execute();
    const next = this.#last.then(() => this.#alone(execute));
    this.#last = next.catch(() => {});
    return await next;
  }

  async #alone<T>(execute: () => Promise<T>): Promise<T> {
    await this.#mark(`savepoint ${NAME}`);
    let result: T;
    try {
      result = await execute();
    } catch (error) {
      try {
        await this.#send(`rollback to savepoint ${NAME}`);
        await this.#send(`release savepoint ${NAME}`);
      } catch {
        // What failed first is what is wrong.
      }
      throw error;
    }
    await this.#mark(`release savepoint ${NAME}`);
    return result;
  }

  /** @throws {TestEscapedError} if there is no transaction any more */
  async #mark(command: string): Promise<void> {
    try {
      await this.#send(command);
    } catch (cause) {
      const { sqlState } = parseDatabaseError(cause, "postgres");
      throw sqlState === "25P01" || sqlState === "3B001" ? new TestEscapedError({ cause }) : cause;
    }
  }

  /** Whether a statement is one of savepoints, which is counted. */
  #counts(sql: string): boolean {
    if (SAVEPOINT.test(sql)) this.#savepoints++;
    else if (RELEASE.test(sql)) this.#savepoints = Math.max(0, this.#savepoints - 1);
    else return ROLLBACK_TO.test(sql);
    return true;
  }

  async #send(command: string): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw(command));
  }
}

/** A query executor that does what another one does, except its queries, which wait at the gate. */
class GatedExecutor implements QueryExecutor {
  readonly #inner: QueryExecutor;
  readonly #gate: StatementGate;

  constructor(inner: QueryExecutor, gate: StatementGate) {
    this.#inner = inner;
    this.#gate = gate;
  }

  get adapter(): DialectAdapter {
    return this.#inner.adapter;
  }

  get plugins(): readonly KyselyPlugin[] {
    return this.#inner.plugins;
  }

  transformQuery<T extends RootOperationNode>(node: T, queryId: QueryId): T {
    return this.#inner.transformQuery(node, queryId);
  }

  compileQuery<R = unknown>(node: RootOperationNode, queryId: QueryId): CompiledQuery<R> {
    return this.#inner.compileQuery<R>(node, queryId);
  }

  // Kysely's versions pass other things behind.
  provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...rest: []
  ): Promise<T> {
    return this.#inner.provideConnection(consumer, ...rest);
  }

  executeQuery<R>(query: CompiledQuery<R>, ...rest: []): Promise<QueryResult<R>> {
    return this.#gate.run(query, () => this.#inner.executeQuery(query, ...rest));
  }

  /** Rows that come one after the other cannot stand for themselves: others run meanwhile. */
  stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: []
  ): AsyncIterableIterator<QueryResult<R>> {
    return this.#inner.stream(query, chunkSize, ...rest);
  }

  withConnectionProvider(provider: ConnectionProvider): QueryExecutor {
    return this.#gate.over(this.#inner.withConnectionProvider(provider));
  }

  withPlugin(plugin: KyselyPlugin): QueryExecutor {
    return this.#gate.over(this.#inner.withPlugin(plugin));
  }

  withPlugins(plugins: readonly KyselyPlugin[]): QueryExecutor {
    return this.#gate.over(this.#inner.withPlugins(plugins));
  }

  withPluginAtFront(plugin: KyselyPlugin): QueryExecutor {
    return this.#gate.over(this.#inner.withPluginAtFront(plugin));
  }

  withoutPlugins(): QueryExecutor {
    return this.#gate.over(this.#inner.withoutPlugins());
  }
}
