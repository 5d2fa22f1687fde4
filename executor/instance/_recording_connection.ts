import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { type Companions, companionsOf, type LoneReads } from "../run/_query_batch.ts";
import type { QueryExpectation } from "../contract/plugin.ts";
import { BatchError } from "../contract/errors.ts";
import { isRead } from "../tree/_statement.ts";

/** A statement of a batch, with what hooks have added around it. */
export interface Queued extends Companions {
  readonly query: CompiledQuery;
}

/**
 * Where a statement of a batch runs: it keeps the statement, and answers with the result when the
 * batch was run.
 */
export class RecordingConnection implements DatabaseConnection, LoneReads {
  /** Fulfilled with the statement when it was given to be run. */
  readonly queued: Promise<Queued>;
  /** The text that was compiled for the statement. */
  sql: string | undefined;
  /** Whether something else than the statement was to be run before it. */
  needsTransaction = false;
  readonly #result: Promise<QueryResult<any>>;
  #enqueue!: (statement: Queued) => void;
  #answer!: (result: QueryResult<any>) => void;
  #refuse!: (error: unknown) => void;
  #state: "waiting" | "queued" | "answered" = "waiting";

  readonly #connection: DatabaseConnection;

  readonly expected: QueryExpectation | undefined;

  /**
   * @param connection where the batch is going to run
   * @param rows how many rows the statement has to change
   */
  constructor(connection: DatabaseConnection, rows: number | undefined) {
    this.#connection = connection;
    this.expected = rows === undefined
      ? undefined
      : { rows, marker: `KYSERA_ROWS_${crypto.randomUUID()}_` };
    this.queued = new Promise((resolve) => this.#enqueue = resolve);
    this.#result = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#refuse = reject;
    });
    // It may be refused before anybody waits.
    this.#result.catch(() => {});
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // Where nothing was compiled for it, the statement is one past the plugins: of getRawDb().
    const isOne = this.sql === undefined || query.sql === this.sql ||
      companionsOf(query) !== undefined;
    if (this.#state === "waiting" && isOne) {
      this.#state = "queued";
      this.#enqueue({ before: [], after: [], ...companionsOf(query), query });
      return this.#result;
    }
    // The driver has told all that there is to tell, such as the id of the last row.
    if (this.#state === "answered" && isRead(query.query)) return Promise.resolve({ rows: [] });
    if (this.#state === "answered") {
      return Promise.reject(
        new BatchError(
          "a plugin writes after one of its statements; the batch itself was run, and is kept",
        ),
      );
    }
    this.needsTransaction = true;
    return Promise.reject(
      new BatchError(
        "a plugin runs statements of its own around one of its statements, which takes a transaction",
      ),
    );
  }

  /** @inheritdoc */
  executeAlone(query: CompiledQuery): Promise<QueryResult<any>> {
    return this.#connection.executeQuery(query);
  }

  // deno-lint-ignore require-yield -- Kysely wants a generator, and this one refuses.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new BatchError("a statement of it was to be streamed");
  }

  /** Gives the statement its result. */
  answer(result: QueryResult<unknown>): void {
    this.#state = "answered";
    this.#answer(result);
  }

  /** Lets the statement fail. */
  refuse(error: unknown): void {
    this.#refuse(error);
  }
}
