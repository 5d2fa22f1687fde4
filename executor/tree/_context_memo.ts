import type { Attributes } from "../contract/plugin.ts";

/** Reads something of a context, in a run. */
export type ReadContext<T = unknown> = (context: Attributes | undefined, run: object) => T;

/** A function of a hook that reads something of a context, for all values that are taken of it. */
export interface ContextRead {
  /** The function itself, which it is known by. */
  readonly read: ReadContext<any>;
  /** Calls it; what it throws is told with the name of the plugin. */
  readonly ask: ReadContext<any>;
}

/** The most that is kept for one context. */
const MOST = 64;

/**
 * What functions have read of a context that was bound. It is frozen, so each function is asked once.
 * It lives as long as the executor instances that the context is bound to.
 */
export class ContextMemo {
  // Most callers run one query, or several about one table.
  #read: ReadContext | undefined;
  #value: unknown;
  #others: Map<ReadContext, unknown> | undefined;

  /** Returns what a function reads of the context. */
  valueOf<T>({ read, ask }: ContextRead, context: Attributes, run: object): T {
    if (read === this.#read) return this.#value as T;
    if (this.#others?.has(read) === true) return this.#others.get(read) as T;
    const value = ask(context, run);
    this.keep(read, value);
    return value;
  }

  /** Keeps what a function has read of the context. */
  keep(read: ReadContext, value: unknown): void {
    if (this.#read === undefined || this.#read === read) {
      this.#read = read;
      this.#value = value;
      return;
    }
    this.#others ??= new Map();
    if (this.#others.size >= MOST) this.#others.clear();
    this.#others.set(read, value);
  }
}
