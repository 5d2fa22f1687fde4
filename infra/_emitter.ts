import type { KyseraLogger } from "@kysera/core";
import { callSafely } from "./_call_safely.ts";
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
    callSafely(listener, args, (error) => {
      this.#logger.error(`A listener to "${event}" failed`, error);
    });
  }

  clear(): void {
    this.#listeners.clear();
  }
}
