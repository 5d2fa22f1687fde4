import {
  CompiledQuery,
  type DatabaseConnection,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import { abortedTransactionError } from "../_aborted_transaction.ts";
import { SavepointDriver } from "../_savepoint_driver.ts";
import { RecurringStatements } from "./_recurring_statements.ts";
import { isInFailedTransaction, isStale, mayBeStale } from "./_stale_statement.ts";
import { transactionModes } from "./_transaction.ts";
import type {
  PostgresJsConnection,
  PostgresJsDatabase,
  PostgresJsQuery,
  PostgresJsResult,
} from "./postgres_js_dialect.ts";

const COMMIT = CompiledQuery.raw("commit");
const ROLLBACK = CompiledQuery.raw("rollback");

/** Connections reserved from Postgres.js, which keeps the pool. */
export class PostgresJsDriver extends SavepointDriver {
  readonly #open: () => Promise<PostgresJsDatabase>;
  readonly #statements: RecurringStatements;
  readonly #onReserveConnection: ((connection: DatabaseConnection) => Promise<void>) | undefined;
  /** Connections whose commit was a rollback: Kysely 0.28 would roll them back once more. */
  readonly #rolledBack = new WeakSet<DatabaseConnection>();
  #database: PostgresJsDatabase | undefined;

  constructor(
    open: () => Promise<PostgresJsDatabase>,
    preparedStatements: number,
    onReserveConnection: ((connection: DatabaseConnection) => Promise<void>) | undefined,
  ) {
    super();
    this.#open = open;
    this.#statements = new RecurringStatements(preparedStatements);
    this.#onReserveConnection = onReserveConnection;
  }

  async init(): Promise<void> {
    this.#database = await this.#open();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const database = this.#database!;
    const connection = new ReservedConnection(
      await database.reserve(),
      database.CLOSE,
      this.#statements,
    );
    try {
      await this.#onReserveConnection?.(connection);
    } catch (error) {
      connection.release();
      throw error;
    }
    return connection;
  }

  async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`begin ${transactionModes(settings)}`.trim()));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const { rows } = await connection.executeQuery<Partial<CommandRow>>(COMMIT);
    if (rows[0]?.command !== "ROLLBACK") return;
    this.#rolledBack.add(connection);
    throw abortedTransactionError();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (!this.#rolledBack.delete(connection)) await connection.executeQuery(ROLLBACK);
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    // Only connections of acquireConnection() are released.
    (connection as ReservedConnection).release();
    return Promise.resolve();
  }

  async destroy(): Promise<void> {
    await this.#database?.end();
  }
}

/** What a COMMIT or ROLLBACK returns, so that it can be seen through wrapped connections. */
interface CommandRow {
  readonly command: string;
}

class ReservedConnection implements DatabaseConnection {
  readonly #connection: PostgresJsConnection;
  readonly #close: object;
  readonly #statements: RecurringStatements;

  constructor(connection: PostgresJsConnection, close: object, statements: RecurringStatements) {
    this.#connection = connection;
    this.#close = close;
    this.#statements = statements;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = await this.#run(query);
    switch (result.command) {
      case "COMMIT":
      case "ROLLBACK":
        // The driver above asks for this row, and nobody else reads rows of a COMMIT.
        return { rows: [{ command: result.command }] as R[] };
      case "INSERT":
      case "UPDATE":
      case "DELETE":
      case "MERGE":
        return { rows: rowsOf(result), numAffectedRows: BigInt(result.count ?? 0) };
      default:
        return { rows: rowsOf(result) };
    }
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize = 100,
  ): AsyncIterableIterator<QueryResult<R>> {
    const arrived: (readonly unknown[])[] = [];
    let failure: { readonly error: unknown } | undefined;
    let ended = false;
    let wake = () => {};
    let resume: (answer?: unknown) => void = () => {};
    const prepared = this.#prepare(query.sql);
    const finished = this.#query(query, prepared).cursor(Math.max(1, chunkSize), (rows) => {
      // After a close the driver hands out the last rows once more, to nobody.
      arrived.push(rows);
      wake();
      return new Promise((resolve) => resume = resolve);
    }).then(() => {}, (error: unknown) => {
      if (prepared !== undefined && mayBeStale(error)) this.#statements.renew(query.sql);
      failure = { error };
    }).then(() => {
      ended = true;
      wake();
    });
    try {
      while (true) {
        if (arrived.length === 0 && !ended) await new Promise<void>((resolve) => wake = resolve);
        const chunk = arrived.shift();
        if (chunk !== undefined) {
          yield { rows: rowsOf(chunk) };
          resume();
        } else if (failure !== undefined) throw failure.error;
        else if (ended) break;
      }
    } finally {
      resume(this.#close);
      // Only then is the connection free for another query.
      await finished;
    }
  }

  release(): void {
    this.#connection.release();
  }

  async #run(query: CompiledQuery): Promise<PostgresJsResult> {
    const prepared = this.#prepare(query.sql);
    try {
      return await this.#query(query, prepared);
    } catch (error) {
      if (prepared === undefined || !mayBeStale(error)) throw error;
      let result: PostgresJsResult;
      try {
        // Nothing has been run. Without a preparation the types are those of today.
        result = await this.#query(query, undefined);
      } catch (second) {
        if (isInFailedTransaction(second)) {
          // Whether it was stale is not known; what broke the transaction is told.
          this.#statements.renew(query.sql);
          throw error;
        }
        // The statement is wrong in itself, or its values are.
        if (isStale(error)) this.#statements.renew(query.sql);
        throw second;
      }
      this.#statements.renew(query.sql);
      return result;
    }
  }

  /** The text to prepare a statement by; `undefined` where it is not to be prepared. */
  #prepare(sql: string): string | undefined {
    return this.#statements.use(sql) ? this.#statements.textOf(sql) : undefined;
  }

  #query(query: CompiledQuery, prepared: string | undefined): PostgresJsQuery {
    return this.#connection.unsafe(
      prepared ?? query.sql,
      // The driver refuses undefined, which to the others is NULL.
      query.parameters.map((value) => value === undefined ? null : value),
      // Without `simple: false` a text without parameters may hold several statements.
      { prepare: prepared !== undefined, simple: false },
    );
  }
}

/**
 * A plain array (the driver's own has more properties) without its holes: after a query that failed
 * half way the driver (3.4) begins the next result behind the rows of that one.
 */
function rowsOf<R>(rows: readonly unknown[]): R[] {
  // The rows are what the query selects; nobody can check that R says the same.
  return rows.filter((row) => row !== undefined) as R[];
}
