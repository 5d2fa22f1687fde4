import { getRawDb } from "@kysera/executor";
import {
  BadRequestError,
  ConnectionError,
  type DatabaseError,
  DeadlockError,
  detectDialect,
  parseDatabaseError,
  SerializationError,
} from "@kysera/core";
import { type AccessMode, type IsolationLevel, type Kysely, sql } from "kysely";
import { backoff, type RetryOptions, validateRetry } from "./_retry.ts";
import { Callbacks, Frame, frameOf } from "./_transaction_frame.ts";
import { type ContextLike, type DbContext, toContext } from "./context.ts";
import { CommitUnknownError } from "./errors.ts";

export type { RetryOptions } from "./_retry.ts";

/** Options of {@linkcode withTransaction}. An option that is not one of these is an error. */
export interface TransactionOptions {
  /** The isolation level. Only for the outermost transaction. */
  readonly isolationLevel?: IsolationLevel | undefined;
  /** Read only, or read and write. Only for the outermost transaction. */
  readonly accessMode?: AccessMode | undefined;
  /** Ends the transaction with a rollback where it is aborted before COMMIT. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Runs the whole transaction again after a serialization failure or a deadlock: a number of
   * attempts, or more about it. The function must then be one that may run several times. Only for
   * the outermost transaction. Default: not at all.
   */
  readonly retry?: number | RetryOptions | undefined;
}

/** The context of a transaction. */
export interface TransactionContext<DB = any> extends DbContext<DB> {
  /** Always `true`. */
  readonly isTransaction: true;
  /**
   * Runs a callback after COMMIT. Of a nested transaction: after the outermost one's, and not at all
   * where the nested one is rolled back.
   */
  afterCommit(callback: () => unknown): void;
  /** Runs a callback after this transaction, or one that it is nested in, was rolled back. */
  afterRollback(callback: () => unknown): void;
}

const OPTIONS: ReadonlySet<string> = new Set([
  "isolationLevel",
  "accessMode",
  "signal",
  "retry",
]);

/**
 * Runs a function in a transaction. In one that is open already it is a savepoint: where the
 * function throws, what it did is undone, and no more.
 *
 * Nested transactions of one context run one after the other, also where they were started at the
 * same time: there is one connection, and one savepoint inside another would be undone with it.
 * Inside a nested transaction use its own context; one started on the outer context waits for it.
 *
 * @param contextOrDb an executor, a plain Kysely, a transaction, or a context of one
 * @param fn what to do; its context has the transaction, and the caller's extras
 * @param options see {@linkcode TransactionOptions}
 * @returns what `fn` returns
 * @throws whatever `fn` throws, after the rollback
 * @throws {CommitUnknownError} where the answer to COMMIT was lost; such a transaction is not retried
 * @throws {TransactionCallbackError} where a callback after the transaction throws
 * @throws {BadRequestError} for an unknown option, or one that a nested transaction cannot have
 *
 * @example
 * ```ts ignore
 * const order = await withTransaction(ctx, async (tx) => {
 *   const order = await createOrder(tx, basket);
 *   tx.afterCommit(() => queue.publish("order.created", order.id));
 *   return order;
 * }, { isolationLevel: "serializable", retry: 3 });
 * ```
 */
export async function withTransaction<DB, T>(
  contextOrDb: ContextLike<DB>,
  fn: (context: TransactionContext<DB>) => T | Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  refuseUnknown(options);
  const context = toContext(contextOrDb);
  const signal = options.signal ?? context.signal;
  const outer = { ...context, ...signal === undefined ? {} : { signal } };
  if (context.isTransaction) {
    refuseOutermostOnly(options);
    return await nested(outer, fn, await frameOf(contextOrDb));
  }
  return await outermost(outer, fn, options);
}

async function outermost<DB, T>(
  context: DbContext<DB>,
  fn: (context: TransactionContext<DB>) => T | Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const retry = validateRetry(options.retry);
  const dialect = detectDialect(context.db);
  const started = performance.now();
  for (let attempt = 1;; attempt++) {
    context.signal?.throwIfAborted();
    const callbacks = new Callbacks();
    let done = false;
    let result: T;
    try {
      let builder = context.db.transaction();
      if (options.isolationLevel !== undefined) {
        builder = builder.setIsolationLevel(options.isolationLevel);
      }
      if (options.accessMode !== undefined) builder = builder.setAccessMode(options.accessMode);
      result = await builder.execute(async (db) => {
        const frame = new Frame(callbacks);
        const value = await fn(transactionContext(context, db, frame));
        await frame.idle();
        context.signal?.throwIfAborted();
        done = true;
        return value;
      });
    } catch (error) {
      const parsed = parseDatabaseError(error, dialect);
      if (done && isLost(parsed)) {
        throw new CommitUnknownError(error);
      }
      const delay = isRetryable(parsed)
        ? backoff(retry, attempt, performance.now() - started)
        : undefined;
      await callbacks.run(false, undefined, delay === undefined ? error : undefined);
      if (delay === undefined) throw error;
      await retry!.sleep(delay, context.signal);
      continue;
    }
    await callbacks.run(true, result);
    return result;
  }
}

async function nested<DB, T>(
  context: DbContext<DB>,
  fn: (context: TransactionContext<DB>) => T | Promise<T>,
  parent: Frame,
): Promise<T> {
  return await parent.enqueue(async () => {
    context.signal?.throwIfAborted();
    const frame = new Frame(new Callbacks());
    const savepoint = new Savepoint(context.db);
    await savepoint.create();
    let result: T;
    try {
      result = await fn(transactionContext(context, context.db, frame));
      await frame.idle();
      context.signal?.throwIfAborted();
      await savepoint.release();
    } catch (error) {
      await savepoint.rollback(error);
      await frame.callbacks.run(false, undefined, error);
      throw error;
    }
    parent.callbacks.takeOver(frame.callbacks);
    return result;
  });
}

function transactionContext<DB>(
  context: DbContext<DB>,
  db: Kysely<DB>,
  frame: Frame,
): TransactionContext<DB> {
  return Object.freeze({
    ...context,
    db,
    isTransaction: true as const,
    afterCommit: (callback: () => unknown) => frame.callbacks.afterCommit(callback),
    afterRollback: (callback: () => unknown) => frame.callbacks.afterRollback(callback),
    ...Frame.member(frame),
  });
}

let savepoints = 0;

/** A savepoint, made past the plugins: it is no query of the user's. */
class Savepoint {
  readonly #db: Kysely<any>;
  readonly #name: string;
  readonly #mssql: boolean;

  constructor(db: Kysely<any>) {
    this.#db = getRawDb(db).withoutPlugins();
    this.#name = `kysera_sp_${++savepoints}`;
    this.#mssql = detectDialect(db) === "mssql";
  }

  async create(): Promise<void> {
    const name = sql.id(this.#name);
    await (this.#mssql ? sql`save transaction ${name}` : sql`savepoint ${name}`).execute(this.#db);
  }

  async release(): Promise<void> {
    // SQL Server has no such statement: its savepoints end with the transaction.
    if (!this.#mssql) await sql`release savepoint ${sql.id(this.#name)}`.execute(this.#db);
  }

  /** Undoes what was done since; what fails in it comes with the error that made it necessary. */
  async rollback(reason: unknown): Promise<void> {
    const name = sql.id(this.#name);
    try {
      if (this.#mssql) await sql`rollback transaction ${name}`.execute(this.#db);
      else {
        await sql`rollback to savepoint ${name}`.execute(this.#db);
        await this.release();
      }
    } catch (error) {
      throw new AggregateError([reason, error], "Cannot roll back a nested transaction");
    }
  }
}

function isRetryable(error: DatabaseError): boolean {
  return error instanceof SerializationError || error instanceof DeadlockError;
}

/** Whether the database did not say what became of a statement. */
function isLost(error: DatabaseError): boolean {
  return error instanceof ConnectionError;
}

function refuseUnknown(options: TransactionOptions): void {
  for (const key of Object.keys(options)) {
    if (OPTIONS.has(key)) continue;
    throw new BadRequestError(
      `Cannot begin a transaction: there is no option "${key}"; the options are ` +
        [...OPTIONS].map((name) => `"${name}"`).join(", "),
    );
  }
}

function refuseOutermostOnly(options: TransactionOptions): void {
  for (const key of ["isolationLevel", "accessMode", "retry"] as const) {
    if (options[key] === undefined) continue;
    throw new BadRequestError(
      `Cannot begin a nested transaction with "${key}": it is for the outermost one only`,
    );
  }
}
