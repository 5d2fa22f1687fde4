import { assertKnownOptions } from "@kysera/core";

/** Options of {@linkcode waitFor}. */
export interface WaitForOptions {
  /** How long it is waited, in milliseconds. Default 5,000. */
  readonly timeout?: number | undefined;
  /** How long between two looks, in milliseconds. Default 100. */
  readonly interval?: number | undefined;
  /** The message of the error when it took too long. */
  readonly timeoutMessage?: string | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: readonly (keyof WaitForOptions)[] = [
  "timeout",
  "interval",
  "timeoutMessage",
  "signal",
];

/**
 * Waits until a condition holds: looks at once, then again and again.
 *
 * @param condition tells whether it holds; what it throws ends the waiting
 * @param options see {@linkcode WaitForOptions}
 * @throws {Error} where the condition does not hold in time
 * @throws {TypeError} for an unknown option
 *
 * @example
 * ```ts
 * import { waitFor } from "@kysera/testing";
 *
 * let ready = false;
 * setTimeout(() => ready = true, 20);
 * await waitFor(() => ready, { interval: 5, timeout: 1_000 });
 * ```
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  options: WaitForOptions = {},
): Promise<void> {
  assertKnownOptions(options, OPTIONS, { action: "wait", makeError: TypeError });
  const { timeout = 5_000, interval = 100, timeoutMessage, signal } = options;
  const end = performance.now() + timeout;
  while (!await condition()) {
    signal?.throwIfAborted();
    const left = end - performance.now();
    if (left <= 0) {
      throw new Error(timeoutMessage ?? `The condition did not hold within ${timeout} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(interval, left)));
  }
}
