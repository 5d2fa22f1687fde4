import { anySignal, raceAbort } from "../_abort.ts";
import { abortSignal, checkOptions, clock as clockCheck, someMs, text } from "../_options.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import { signalOf } from "./_call.ts";
import { TimeoutError } from "./errors.ts";
import type { PolicyContext } from "./policy.ts";

/** Options of {@linkcode withTimeout}. */
export interface TimeoutOptions {
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** What is run, in words, for the error: `the report`. */
  readonly what?: string | undefined;
  /** Where timers come from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/**
 * Waits for work so long and no longer. The work's signal is then aborted; work that does not look at
 * it goes on unobserved.
 *
 * @param fn the work
 * @param timeout how long it is given, in ms
 * @param options see {@linkcode TimeoutOptions}
 * @returns what the work returns
 * @throws {TimeoutError} where it took too long
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { TimeoutError, withTimeout } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const forever = ({ signal }: { signal: AbortSignal }) =>
 *   new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
 * await assert.rejects(() => withTimeout(forever, 5), TimeoutError);
 * assert.equal(await withTimeout(() => "done", 1_000), "done");
 * ```
 */
export async function withTimeout<T>(
  fn: (context: PolicyContext) => T | PromiseLike<T>,
  timeout: number,
  options: TimeoutOptions = {},
): Promise<T> {
  checkTimeoutOptions(timeout, options);
  const { clock = systemClock } = options;
  signalOf("run with a timeout", fn, { signal: options.signal });
  const controller = new AbortController();
  const signal = anySignal(controller.signal, options.signal);
  const cancel = clock.schedule(
    () => controller.abort(new TimeoutError(timeout, options.what)),
    timeout,
  );
  try {
    return await raceAbort((async () => await fn({ signal }))(), signal);
  } finally {
    cancel();
  }
}

/** Checks the arguments without running anything. */
export function checkTimeoutOptions(timeout: number, options: TimeoutOptions): void {
  checkOptions("run with a timeout", options, {
    signal: abortSignal,
    what: text,
    clock: clockCheck,
  });
  checkOptions("run with a timeout", { timeout }, { timeout: someMs });
}
