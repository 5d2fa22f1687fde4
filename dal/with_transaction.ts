import {
  assertKnownOptions,
  BadRequestError,
  ConnectionError,
  type DatabaseError,
  detectDialect,
  findDatabaseErrorAsync,
  StatementTimeoutError,
} from "@kysera/core";
import type { AnyKysely, PluginsOf, TransactionWith } from "@kysera/executor";
import type { AccessMode, IsolationLevel, Kysely, Transaction } from "kysely";
import { inTransaction, type Outcome } from "./_begin.ts";
import { backoff, lockWait, type Retry, type RetryOptions, validateRetry } from "./_retry.ts";
import { isLocked, type TransactionMode, type Wait } from "./_write_lock.ts";
import { Savepoint } from "./_savepoint.ts";
import { Callbacks, Frame, frameOf, register } from "./_transaction_frame.ts";
import {
  type ContextLike,
  type DatabaseOf,
  type DbContext,
  type DbOf,
  IN_TRANSACTION_SYMBOL,
  SAVEPOINT_COUNTER_SYMBOL,
  toContext,
} from "./context.ts";
import { CommitUnknownError } from "./errors.ts";

export type { RetryOptions } from "./_retry.ts";
export type { TransactionMode } from "./_write_lock.ts";

/** Options of {@linkcode withTransaction}. An option that is not one of these is an error. */
export interface TransactionOptions {
  /**
   * The isolation level. Only for the outermost transaction. Those of SQLite are serializable,
   * whatever is asked for.
   */
  readonly isolationLevel?: IsolationLevel | undefined;
  /** Read only, or read and write. Only for the outermost transaction. */
  readonly accessMode?: AccessMode | undefined;
  /**
   * Ends the transaction with a rollback where it is aborted before COMMIT: before it begins, while
   * it waits to be run again, or when its function is done. What the function waits for is not
   * interrupted; its context has the signal. One of the context holds as well.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Runs the whole transaction again after an error that is `retryable`: a serialization failure, a
   * deadlock, a lock that was not free in time, a connection that was lost before COMMIT. A number
   * of attempts, or more about it. The function must then be one that may run several times. Only
   * for the outermost transaction. Default: not at all.
   */
  readonly retry?: number | RetryOptions | undefined;
  /**
   * How a transaction of SQLite begins. `"immediate"` begins as a writer: it waits, up to the
   * deadline of `retry`, until no other connection writes, and then no statement of it is refused
   * because another one does. `"deferred"` takes a lock when a statement needs one; a transaction
   * that reads first and then writes may fail with a `LockTimeoutError`. `"exclusive"` keeps others
   * from reading as well, unless the database is in WAL mode. Only for the outermost transaction;
   * other dialects have no modes. Default `"immediate"`, and `"deferred"` with `accessMode`
   * `"read only"`.
   */
  readonly mode?: TransactionMode | undefined;
}

/** The context of a transaction. */
export interface TransactionContext<
  DB = any,
  Trx extends AnyKysely<any> = Transaction<DB>,
> extends DbContext<DB, Trx> {
  /** The transaction. */
  readonly db: Trx;
  /** Always `true`. */
  readonly isTransaction: true;
  /** Marks the context of a transaction. */
  readonly [IN_TRANSACTION_SYMBOL]: true;
  /** How many transactions this one is nested in. */
  readonly [SAVEPOINT_COUNTER_SYMBOL]: number;
  /**
   * Runs a callback after COMMIT, when the connection is free again. Of a nested transaction: after
   * the outermost one's, and not at all where the nested one is rolled back.
   *
   * @throws {BadRequestError} where the transaction has ended, or was not begun by withTransaction()
   */
  afterCommit(callback: () => unknown): void;
  /**
   * Runs a callback after this transaction, or one that it is nested in, was rolled back.
   *
   * @throws {BadRequestError} as {@linkcode TransactionContext.afterCommit} does
   */
  afterRollback(callback: () => unknown): void;
}

/** What {@linkcode withTransaction} makes of a context: what the caller added to it stays. */
export type InTransaction<C> =
  & (C extends DbContext<any, any> ? Omit<C, keyof DbContext> : unknown)
  & TransactionContext<DatabaseOf<C>, TransactionWith<DatabaseOf<C>, PluginsOf<DbOf<C>>>>;

const OPTIONS: readonly (keyof TransactionOptions)[] = [
  "isolationLevel",
  "accessMode",
  "signal",
  "retry",
  "mode",
];
const MODES: readonly unknown[] = ["deferred", "immediate", "exclusive", undefined];

/**
 * Runs a function in a transaction. In one that is open already it is a savepoint: where the
 * function throws, what it did is undone, and no more.
 *
 * Nested transactions of one context run one after the other, also where they were started at the
 * same time: there is one connection, and one savepoint inside another would be undone with it.
 * Inside a nested transaction use its own context: one that is begun on the outer context waits for
 * it to end, and waits for ever where it waits for that.
 *
 * @param context an executor, a plain Kysely, a transaction, or a context of one
 * @param fn what to do; its context has the transaction, and the caller's extras
 * @param options see {@linkcode TransactionOptions}
 * @returns what `fn` returns
 * @throws whatever `fn` throws, after the rollback
 * @throws {CommitUnknownError} where the answer to COMMIT was lost; such a transaction is not retried
 * @throws {TransactionCallbackError} where a callback after the transaction throws
 * @throws {BadRequestError} for an unknown option, or one that a nested transaction cannot have
 *
 * @example
 * ```ts
 * import { createContext, withTransaction } from "@kysera/dal";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table orders (id integer primary key, item text not null)");
 * const db = new Kysely<{ orders: { id: number; item: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const published: number[] = [];
 *
 * await withTransaction(createContext(db), async (tx) => {
 *   await tx.db.insertInto("orders").values({ id: 1, item: "book" }).execute();
 *   tx.afterCommit(() => published.push(1));
 *   await withTransaction(tx, async (nested) => {
 *     await nested.db.insertInto("orders").values({ id: 2, item: "none left" }).execute();
 *     throw new Error("Cannot order: there is none left");
 *   }).catch(() => {});
 * }, { isolationLevel: "serializable", retry: 3 });
 *
 * const orders = await db.selectFrom("orders").select("id").execute();
 * assert.deepEqual(orders.map((order) => order.id), [1]);
 * assert.deepEqual(published, [1]);
 * await db.destroy();
 * ```
 */
export function withTransaction<C extends ContextLike, T>(
  context: C,
  fn: (context: InTransaction<C>) => T | Promise<T>,
  options?: TransactionOptions,
): Promise<T>;
/**
 * Runs a function in a transaction of a Kysely: an executor, a plain one, or a transaction.
 *
 * @param contextOrDb where to begin it
 * @param fn what to do; its context has the transaction
 * @param options see {@linkcode TransactionOptions}
 * @returns what `fn` returns
 */
export function withTransaction<DB, T>(
  contextOrDb: ContextLike<DB>,
  fn: (context: TransactionContext<DB>) => T | Promise<T>,
  options?: TransactionOptions,
): Promise<T>;
export async function withTransaction<T>(
  contextOrDb: ContextLike,
  // Extras are in the context because those of the caller's are copied.
  fn: (context: any) => T | Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  validate(fn, options);
  const context = toContext(contextOrDb);
  const signal = bothOf(context.signal, options.signal);
  const outer = { ...context, ...signal === undefined ? {} : { signal } };
  if (context.isTransaction) {
    refuseOutermostOnly(options);
    return await nested(outer, fn, await frameOf(contextOrDb));
  }
  return await outermost(outer, fn, options);
}

type Work<T> = (context: TransactionContext) => T | Promise<T>;

async function outermost<T>(
  context: DbContext,
  fn: Work<T>,
  options: TransactionOptions,
): Promise<T> {
  const retry = validateRetry(options.retry);
  const dialect = detectDialect(context.db);
  const started = performance.now();
  const startWait = (): Wait => lockWait(retry, context.signal);
  const wait = startWait();
  for (let attempt = 1;; attempt++) {
    context.signal?.throwIfAborted();
    const frame = new Frame(undefined, new Callbacks());
    let outcome = await attemptOnce(context, fn, options, frame, startWait);
    while (dialect === "sqlite" && outcome.kind === "failed" && await isWaiting(outcome)) {
      // Nothing was begun, and the connection is free for others meanwhile.
      await wait(outcome.error);
      outcome = await attemptOnce(context, fn, options, frame, startWait);
    }
    if (outcome.kind === "committed") {
      await frame.callbacks!.runCommitted(outcome.value);
      return outcome.value;
    }
    const { error } = outcome;
    const known = await findDatabaseErrorAsync(error, dialect);
    if (outcome.while === "commit" && isUnknown(known)) throw new CommitUnknownError(error);
    await frame.callbacks!.runRolledBack(error);
    const delay = delayBefore(retry, attempt, performance.now() - started, known);
    if (delay === undefined) throw error;
    await retry!.sleep(delay, context.signal);
  }
}

async function attemptOnce<T>(
  context: DbContext,
  fn: Work<T>,
  options: TransactionOptions,
  frame: Frame,
  startWait: () => Wait,
): Promise<Outcome<T>> {
  try {
    return await inTransaction(context.db, options, async (db) => {
      await register(db, frame);
      try {
        return await runInside(context, db, fn, frame);
      } finally {
        frame.close();
      }
    }, startWait);
  } catch (error) {
    // There was no connection.
    return { kind: "failed", while: "begin", error };
  }
}

async function nested<T>(context: DbContext, fn: Work<T>, parent: Frame): Promise<T> {
  return await parent.enqueue(async () => {
    context.signal?.throwIfAborted();
    if (parent.doom !== undefined) throw parent.doom.reason;
    const frame = new Frame(parent, parent.callbacks && new Callbacks());
    // A handle of its own, by which a nested transaction begun on it is known.
    const db: Kysely<any> = context.db.withTables();
    const savepoint = new Savepoint(db);
    await savepoint.create();
    frame.open();
    let result: T;
    try {
      await register(db, frame);
      // It is a transaction, by what its context says.
      result = await runInside(context, db as Transaction<any>, fn, frame);
      await savepoint.release();
    } catch (error) {
      await undo(savepoint, parent, error);
      frame.close();
      await frame.callbacks?.runRolledBack(error);
      throw error;
    }
    frame.close();
    if (frame.callbacks !== undefined) parent.callbacks!.takeOver(frame.callbacks);
    return result;
  });
}

/**
 * Rolls back to a savepoint. Where that fails the transaction is gone, not only what was nested in
 * it: MySQL ends it at a deadlock. Going on would be outside of any transaction.
 */
async function undo(savepoint: Savepoint, parent: Frame, reason: unknown): Promise<void> {
  try {
    await savepoint.rollback();
  } catch {
    for (let at: Frame | undefined = parent; at !== undefined; at = at.parent) {
      at.doom ??= { reason };
    }
  }
}

/** The function itself, what it left nested behind its back, and what then forbids to go on. */
async function runInside<T>(
  context: DbContext,
  db: Transaction<any>,
  fn: Work<T>,
  frame: Frame,
): Promise<T> {
  try {
    const value = await fn(transactionContext(context, db, frame));
    await frame.idle();
    context.signal?.throwIfAborted();
    if (frame.doom !== undefined) throw frame.doom.reason;
    return value;
  } catch (error) {
    await frame.idle();
    throw error;
  }
}

function transactionContext(
  context: DbContext,
  db: Transaction<any>,
  frame: Frame,
): TransactionContext {
  const callbacks = (): Callbacks => {
    frame.assertOpen();
    if (frame.callbacks !== undefined) return frame.callbacks;
    throw new BadRequestError(
      "Cannot wait for the end of a transaction that was begun elsewhere; " +
        "begin the outermost one with withTransaction()",
    );
  };
  return Object.freeze({
    ...context,
    db,
    isTransaction: true as const,
    [IN_TRANSACTION_SYMBOL]: true as const,
    [SAVEPOINT_COUNTER_SYMBOL]: frame.depth,
    afterCommit: (callback: () => unknown) => callbacks().afterCommit(callback),
    afterRollback: (callback: () => unknown) => callbacks().afterRollback(callback),
    ...Frame.member(frame),
  });
}

function delayBefore(
  retry: Retry | undefined,
  attempt: number,
  elapsed: number,
  error: DatabaseError | undefined,
): number | undefined {
  return error?.retryable === true ? backoff(retry, attempt, elapsed) : undefined;
}

/** Whether BEGIN has met another writer. */
async function isWaiting(
  outcome: Outcome<unknown> & { readonly kind: "failed" },
): Promise<boolean> {
  return outcome.while === "begin" && await isLocked(outcome.error);
}

/** Whether an error leaves open the outcome of a COMMIT: the database itself did not answer. */
function isUnknown(error: DatabaseError | undefined): boolean {
  return error === undefined || error instanceof ConnectionError ||
    error.code === "DB_UNKNOWN" ||
    // A driver stopped to wait; one that the database reports has a SQLSTATE.
    (error instanceof StatementTimeoutError && error.sqlState === undefined) ||
    // statement_completion_unknown
    error.sqlState === "40003";
}

function bothOf(
  one: AbortSignal | undefined,
  other: AbortSignal | undefined,
): AbortSignal | undefined {
  if (one === undefined || other === undefined || one === other) return one ?? other;
  return AbortSignal.any([one, other]);
}

function validate(fn: unknown, options: unknown): void {
  if (typeof fn !== "function") {
    throw new BadRequestError(
      "Cannot begin a transaction: the second argument is not a function; pass (tx) => ..",
    );
  }
  assertKnownOptions(options, OPTIONS, { action: "begin a transaction" });
  const { mode } = options as TransactionOptions;
  if (MODES.includes(mode)) return;
  throw new BadRequestError(
    `Cannot begin a transaction: the mode is "deferred", "immediate" or "exclusive"`,
  );
}

function refuseOutermostOnly(options: TransactionOptions): void {
  for (const key of ["isolationLevel", "accessMode", "retry", "mode"] as const) {
    if (options[key] === undefined) continue;
    throw new BadRequestError(
      `Cannot begin a nested transaction with "${key}": it is for the outermost one only`,
    );
  }
}
