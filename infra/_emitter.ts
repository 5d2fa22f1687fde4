import type { KyseraLogger } from "@kysera/core";
import { type SafeLogger, safeLogger } from "./_safe_logger.ts";

/** Listeners by event. One that throws keeps nobody from hearing, and nothing from going on. */
export class Emitter<Events extends Record<string, unknown[]>> {
  readonly #listeners: Map<keyof Events, Set<(...args: never[]) => unknown>> = new Map();
  readonly #logger: SafeLogger;

  constructor(logger: KyseraLogger | undefined) {
    this.#logger = safeLogger(logger);
  }

  on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => unknown): () => void {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(listener));
    return () => this.off(event, listener);
  }

  off<E extends keyof Events>(event: E, listener: (...args: Events[E]) => unknown): void {
    this.#listeners.get(event)?.delete(listener);
  }

  emit<E extends keyof Events>(event: E, ...args: Events[E]): void {
    for (const listener of [...this.#listeners.get(event) ?? []]) {
      // Both were given under the same event.
      this.call(String(event), listener as (...args: Events[E]) => unknown, ...args);
    }
  }

  /** Calls one listener that is not kept here, under the same terms. */
  call<Args extends unknown[]>(
    event: string,
    listener: ((...args: Args) => unknown) | undefined,
    ...args: Args
  ): void {
    const failed = (error: unknown): void => {
      this.#logger.error(`A listener to "${event}" failed`, error);
    };
    try {
      const answer = listener?.(...args);
      if (isThenable(answer)) answer.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as PromiseLike<unknown>).then === "function";
}
