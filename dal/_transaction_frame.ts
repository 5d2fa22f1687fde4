import type { DatabaseConnection, Kysely } from "kysely";
import { type ContextLike, isDbContext } from "./context.ts";
import { TransactionCallbackError } from "./errors.ts";

const FRAME: unique symbol = Symbol("kysera.dal.frame");

/** Callbacks that wait for the end of a transaction. */
export class Callbacks {
  #commit: (() => unknown)[] = [];
  #rollback: (() => unknown)[] = [];

  afterCommit(callback: () => unknown): void {
    this.#commit.push(callback);
  }

  afterRollback(callback: () => unknown): void {
    this.#rollback.push(callback);
  }

  /** Takes over what a nested transaction left when it was released. */
  takeOver(nested: Callbacks): void {
    this.#commit.push(...nested.#commit);
    this.#rollback.push(...nested.#rollback);
  }

  /**
   * Runs those that fit the outcome, in the order they came, all of them.
   *
   * @param reason what the transaction failed with, if it did: it is what gets thrown then
   */
  async run(committed: boolean, result: unknown, reason?: unknown): Promise<void> {
    const errors: unknown[] = [];
    for (const callback of committed ? this.#commit : this.#rollback) {
      try {
        await callback();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) return;
    if (reason !== undefined) errors.unshift(reason);
    throw new TransactionCallbackError(errors, committed, result);
  }
}

/** A transaction or a nested one: what is nested in it runs one after the other. */
export class Frame {
  readonly callbacks: Callbacks;
  #last: Promise<unknown> = Promise.resolve();

  constructor(callbacks: Callbacks) {
    this.callbacks = callbacks;
  }

  /** A frame as a member of the context that belongs to it. */
  static member(frame: Frame): object {
    return { [FRAME]: frame };
  }

  /** Runs something after all that was given before it has ended. */
  enqueue<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(run);
    this.#last = next.catch(() => {});
    return next;
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

/** Frames of transactions that were begun without withTransaction(). */
const FRAMES: WeakMap<DatabaseConnection, Frame> = new WeakMap();

/** The frame of a context, or of the transaction that a Kysely is. */
export async function frameOf(contextOrDb: ContextLike): Promise<Frame> {
  if (isDbContext(contextOrDb)) {
    const own = (contextOrDb as { [FRAME]?: Frame })[FRAME];
    if (own !== undefined) return own;
  }
  const db: Kysely<any> = isDbContext(contextOrDb) ? contextOrDb.db : contextOrDb;
  const connection = await db.getExecutor().provideConnection((c) => Promise.resolve(c));
  let frame = FRAMES.get(connection);
  if (frame === undefined) FRAMES.set(connection, frame = new Frame(new Callbacks()));
  return frame;
}
