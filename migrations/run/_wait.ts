/** The longest time between two tries, in milliseconds. */
const LONGEST = 1000;

/** Waits for another runner, longer each time, and never as long as yet another one does. */
export class Patience {
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  #delay = 10;

  constructor(timeout: number, signal: AbortSignal | undefined) {
    this.#deadline = performance.now() + timeout;
    this.#signal = signal;
  }

  /** Whether there is no time left. */
  get isOver(): boolean {
    return performance.now() >= this.#deadline;
  }

  /** Waits a little. */
  async wait(): Promise<void> {
    const left = this.#deadline - performance.now();
    await sleep(Math.max(0, Math.min(left, this.#delay * (0.5 + Math.random()))), this.#signal);
    this.#delay = Math.min(LONGEST, this.#delay * 1.5);
  }
}

/**
 * Waits.
 *
 * @param ms how long, in milliseconds
 * @param signal ends the wait with its reason
 */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
