import { BadRequestError } from "@kysera/core";
import { kyselyOf } from "@kysera/executor";
import type { DatabaseConnection, Kysely } from "kysely";
import { type ContextLike, isDbContext } from "./context.ts";
import { TransactionCallbackError } from "./errors.ts";

const FRAME: unique symbol = Symbol("kysera.dal.frame");

/**
 * The member by which the handle of a transaction that was begun elsewhere says that it takes callbacks:
 * tests collect them this way.
 */
const TAKES_CALLBACKS: unique symbol = Symbol.for("kysera.transactionCallbacks");

/** Whoever takes callbacks. */
export interface TakesCallbacks {
  afterCommit(callback: () => unknown): void;
  afterRollback(callback: () => unknown): void;
}

/** Callbacks that wait for the end of a transaction. */
export class Callbacks implements TakesCallbacks {
  readonly #commit: (() => unknown)[] = [];
  readonly #rollback: (() => unknown)[] = [];
  readonly #taker: TakesCallbacks | undefined;

  constructor(taker?: TakesCallbacks) {
    this.#taker = taker;
  }

  /** Those of a transaction that was begun elsewhere, if its handle takes any. */
  static of(handle: Kysely<any>): Callbacks | undefined {
    const taker: unknown = Reflect.get(handle, TAKES_CALLBACKS);
    return taker === undefined ? undefined : new Callbacks(taker as TakesCallbacks);
  }

  afterCommit(callback: () => unknown): void {
    if (this.#taker === undefined) this.#commit.push(callback);
    else this.#taker.afterCommit(callback);
  }

  afterRollback(callback: () => unknown): void {
    if (this.#taker === undefined) this.#rollback.push(callback);
    else this.#taker.afterRollback(callback);
  }

  /** Takes over what a nested transaction left when it was released. */
  takeOver(nested: Callbacks): void {
    for (const callback of nested.#commit) this.afterCommit(callback);
    for (const callback of nested.#rollback) this.afterRollback(callback);
  }

  /** Runs those for a commit, in the order they came, all of them. */
  async runCommitted(result: unknown): Promise<void> {
    const errors = await failuresOf(this.#commit);
    if (errors.length > 0) throw new TransactionCallbackError(errors, true, result);
  }

  /** Runs those for a rollback, all of them; what one throws comes with the reason of the rollback. */
  async runRolledBack(reason: unknown): Promise<void> {
    const errors = await failuresOf(this.#rollback);
    if (errors.length > 0) {
      throw new TransactionCallbackError(errors, false, undefined, { cause: reason });
    }
  }
}

async function failuresOf(callbacks: readonly (() => unknown)[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const callback of callbacks) {
    try {
      await callback();
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

/** Why a transaction can only be rolled back. */
export interface Doom {
  readonly reason: unknown;
}

/** A transaction or a nested one: what is nested in it runs one after the other. */
export class Frame {
  readonly parent: Frame | undefined;
  /** Nobody tells when a transaction ends that was begun elsewhere: it has none. */
  readonly callbacks: Callbacks | undefined;
  /** How deep it is nested; 0 is the transaction itself. */
  readonly depth: number;
  /** What the database has thrown away already, a part of which can no longer be undone alone. */
  doom: Doom | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** The nested one that runs now. */
  #running: Frame | undefined;

  constructor(parent: Frame | undefined, callbacks: Callbacks | undefined) {
    this.parent = parent;
    this.callbacks = callbacks;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The one that queries on the connection are in now. */
  get innermost(): Frame {
    return this.#running === undefined ? this : this.#running.innermost;
  }

  /** A frame as a member of the context that belongs to it. */
  static member(frame: Frame): object {
    return { [FRAME]: frame };
  }

  /** Runs something nested after all that was given before it has ended. */
  enqueue<T>(run: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const next = this.#last.then(run);
    this.#last = next.catch(() => {});
    return next;
  }

  /** Makes it what runs in its parent, until {@linkcode Frame.close}. */
  open(): void {
    if (this.parent !== undefined) this.parent.#running = this;
  }

  close(): void {
    this.#closed = true;
    const { parent } = this;
    if (parent !== undefined && parent.#running === this) parent.#running = undefined;
  }

  assertOpen(): void {
    if (!this.#closed) return;
    throw new BadRequestError(
      "Cannot use the context of a transaction that has ended; use the one that it was begun with",
    );
  }

  /** Waits for what is still nested: it must not outlive its transaction. */
  async idle(): Promise<void> {
    let seen: Promise<unknown>;
    do {
      seen = this.#last;
      await seen;
    } while (seen !== this.#last);
  }
}

/** Frames by the handle that belongs to them, or on which a nested transaction was begun. */
const BY_HANDLE: WeakMap<Kysely<any>, Frame | Promise<Frame>> = new WeakMap();
/** The frames of transactions, by their connections, for handles that were never seen. */
const BY_CONNECTION: WeakMap<DatabaseConnection, Frame> = new WeakMap();

/** Remembers the frame of a handle, and of the connection where it is the outermost one. */
export async function register(handle: Kysely<any>, frame: Frame): Promise<void> {
  BY_HANDLE.set(handle, frame);
  if (frame.parent === undefined) BY_CONNECTION.set(await connectionOf(handle), frame);
}

/**
 * The frame of a context, or of the transaction that a Kysely is.
 *
 * A handle that was made of another one (`withSchema`, `bindContext`) is given the innermost frame
 * of its connection when it is first seen, and keeps it: two nested transactions that are begun on
 * it at the same time must come into one queue.
 */
export function frameOf(contextOrDb: ContextLike): Frame | Promise<Frame> {
  if (isDbContext(contextOrDb)) {
    const own = (contextOrDb as { [FRAME]?: Frame })[FRAME];
    if (own !== undefined) return own;
  }
  const handle: Kysely<any> = isDbContext(contextOrDb) ? contextOrDb.db : kyselyOf(contextOrDb);
  const known = BY_HANDLE.get(handle);
  if (known instanceof Promise || known?.isClosed === false) return known;
  const found = connectionOf(handle).then((connection) => {
    let frame = BY_CONNECTION.get(connection);
    if (frame === undefined || frame.isClosed) {
      BY_CONNECTION.set(connection, frame = new Frame(undefined, Callbacks.of(handle)));
    }
    BY_HANDLE.set(handle, frame.innermost);
    return frame.innermost;
  });
  BY_HANDLE.set(handle, found);
  found.catch(() => BY_HANDLE.delete(handle));
  return found;
}

function connectionOf(handle: Kysely<any>): Promise<DatabaseConnection> {
  return handle.getExecutor().provideConnection((connection) => Promise.resolve(connection));
}
