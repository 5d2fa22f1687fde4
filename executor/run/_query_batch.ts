import type { AtomicBatchConnection } from "@kysera/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import type { QueryBatch, QueryExpectation } from "../contract/plugin.ts";

/** The statements that hooks have added around a query. */
export interface Companions {
  readonly before: readonly CompiledQuery[];
  readonly after: readonly CompiledQuery[];
  /** Whether the query has taken the place of another one, and sees to its rows itself. */
  readonly replaces?: boolean | undefined;
}

/** A query, to what is sent with it. */
const COMPANIONS: WeakMap<CompiledQuery, Companions> = new WeakMap();

/** Returns what hooks have added around a query that is about to be sent; `undefined` for nothing. */
export function companionsOf(query: CompiledQuery): Companions | undefined {
  return COMPANIONS.get(query);
}

/** Returns true if a connection runs several statements as one batch. */
export function runsBatches(
  connection: DatabaseConnection,
): connection is DatabaseConnection & AtomicBatchConnection {
  return typeof (connection as Partial<AtomicBatchConnection>).executeBatch === "function";
}

/** A connection that keeps its statement for a batch, and can run another one at once. */
export interface LoneReads {
  /** Runs a query by itself, before the batch is sent. */
  executeAlone(query: CompiledQuery): Promise<QueryResult<any>>;
  /** What its statement has to have done. */
  readonly expected: QueryExpectation | undefined;
}

/**
 * Returns what collects what hooks add around a query.
 *
 * @param connection where the query runs
 * @returns `undefined` where a query on it has no batch
 */
export function batchOn(connection: DatabaseConnection): CollectedBatch | undefined {
  const { executeAlone, expected } = connection as Partial<LoneReads>;
  if (typeof executeAlone === "function") {
    return new CollectedBatch((query) => executeAlone.call(connection, query), expected);
  }
  return runsBatches(connection)
    ? new CollectedBatch((query) => connection.executeQuery(query))
    : undefined;
}

/** Runs a query with what hooks have added around it, and returns its own result. */
export async function sendWith(
  connection: DatabaseConnection & AtomicBatchConnection,
  query: CompiledQuery,
  { before, after }: Companions,
): Promise<QueryResult<unknown>> {
  if (before.length + after.length === 0) return await connection.executeQuery(query);
  const statements = [...before, query, ...after].map((query) => ({ query }));
  const results = await connection.executeBatch(statements);
  return results[before.length]!;
}

/** Collects what hooks add around one query. */
export class CollectedBatch implements QueryBatch {
  readonly #before: CompiledQuery[] = [];
  readonly #after: CompiledQuery[] = [];
  readonly #read: (query: CompiledQuery) => Promise<QueryResult<any>>;
  #isSent = false;

  readonly expected: QueryExpectation | undefined;

  /**
   * @param read runs a query by itself
   * @param expected what the query has to have done
   */
  constructor(
    read: (query: CompiledQuery) => Promise<QueryResult<any>>,
    expected?: QueryExpectation | undefined,
  ) {
    this.#read = read;
    this.expected = expected;
  }

  read(query: CompiledQuery): Promise<QueryResult<any>> {
    return this.#read(query);
  }

  replace(query: CompiledQuery): void {
    COMPANIONS.set(query, { before: this.#before, after: this.#after, replaces: true });
  }

  before(query: CompiledQuery): void {
    this.#add(this.#before, query);
  }

  after(query: CompiledQuery): void {
    this.#add(this.#after, query);
  }

  /** Has what was collected sent with the query. */
  send(query: CompiledQuery): void {
    if (this.#isSent || this.#before.length + this.#after.length === 0) return;
    this.#isSent = true;
    COMPANIONS.set(query, { before: this.#before, after: this.#after });
  }

  #add(list: CompiledQuery[], query: CompiledQuery): void {
    if (!this.#isSent) {
      list.push(query);
      return;
    }
    throw new TypeError("Cannot add a statement to the batch: its query was sent; add it before");
  }
}
