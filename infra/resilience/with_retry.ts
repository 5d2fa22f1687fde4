import { type Dialect, DIALECTS } from "@kysera/core";
import { raceAbort } from "../_abort.ts";
import {
  abortSignal,
  callable,
  checkOptions,
  clock as clockCheck,
  count,
  either,
  flag,
  ms,
  oneOf,
  something,
  withMethods,
} from "../_options.ts";
import { callSafely } from "../_call_safely.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import { sleep } from "../clock/_sleep.ts";
import { type Backoff, delayAfter, type Jitter } from "./_backoff.ts";
import { signalOf } from "./_call.ts";
import { isOpenTransaction } from "./_open_transaction.ts";
import { RetryInTransactionError } from "./retry_in_transaction_error.ts";
import { isTransientLazily } from "./_is_transient_lazily.ts";
import type { RetryBudget } from "./retry_budget.ts";

export type { Backoff, Jitter } from "./_backoff.ts";

/** What an attempt is told. */
export interface RetryContext {
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** How many there may be. */
  readonly maxAttempts: number;
  /** How long ago the first one began, in ms. */
  readonly elapsed: number;
  /** What the attempt before failed with. */
  readonly previousError: unknown;
  /** Aborted when nobody waits any longer. */
  readonly signal: AbortSignal;
}

/** Options of {@linkcode withRetry}. An option that is not one of these is an error. */
export interface RetryOptions {
  /** How often it may run, the first time included. Default 3. */
  readonly maxAttempts?: number | undefined;
  /** The longest wait before the second attempt, in ms. Default 1,000. */
  readonly delayMs?: number | undefined;
  /** The longest wait before any attempt, in ms. Default 30,000. */
  readonly maxDelayMs?: number | undefined;
  /**
   * Whether the longest wait doubles with each attempt. `true` stands for `"exponential"`, `false`
   * for `"constant"`. Default `"exponential"`.
   */
  readonly backoff?: Backoff | boolean | undefined;
  /**
   * `"full"`: any wait up to the longest. `"decorrelated"`: any from `delayMs` to three times the
   * wait before. `"none"`: the longest. Default `"full"`.
   */
  readonly jitter?: Jitter | undefined;
  /** How long after the first attempt began another one may begin, in ms. Default: no end. */
  readonly deadlineMs?: number | undefined;
  /** Retries that this call shares with others. */
  readonly budget?: RetryBudget | undefined;
  /** Whether to try again after an error. Default {@linkcode isTransientError}. */
  readonly shouldRetry?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** Called before each wait. What it throws, or rejects with, changes nothing. */
  readonly onRetry?: ((attempt: number, error: unknown, delayMs: number) => void) | undefined;
  /** Ends the waiting with its reason; no attempt begins after it. */
  readonly signal?: AbortSignal | undefined;
  /** The instance that the work uses: a transaction, or a context of one, is refused. */
  readonly db?: object | undefined;
  /** The database whose errors are looked at. Without it every database's codes are tried. */
  readonly dialect?: Dialect | undefined;
  /** Where time and timers come from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
  /** A random number from 0 up to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const CHECKS = {
  maxAttempts: count,
  delayMs: ms,
  maxDelayMs: ms,
  backoff: either(flag, oneOf("exponential", "constant")),
  jitter: oneOf("full", "decorrelated", "none"),
  deadlineMs: ms,
  budget: withMethods("deposit", "withdraw"),
  shouldRetry: callable,
  onRetry: callable,
  signal: abortSignal,
  db: something,
  dialect: oneOf(...DIALECTS),
  clock: clockCheck,
  random: callable,
};

/** Checks the options without running anything. */
export function checkRetryOptions(options: RetryOptions): void {
  checkOptions("retry", options, CHECKS);
}

/**
 * Runs work, and runs it again where it failed for a reason that passes: see
 * {@linkcode isTransientError}.
 *
 * The work must be one that may happen twice: after a lost connection nobody knows whether the
 * first attempt took effect. A part of a transaction cannot be retried, only the whole one; give
 * the instance as `db`, and that is checked. (`withTransaction` of `@kysera/dal` has a `retry` of
 * its own, which knows whether COMMIT was sent.)
 *
 * @param fn the work
 * @param options see {@linkcode RetryOptions}
 * @returns what the work returns
 * @throws what the last attempt threw, as it is; the signal's reason where that was aborted
 * @throws {RetryInTransactionError} where `db` is a transaction
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { withRetry } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const result = await withRetry(({ attempt }) => {
 *   // What `pg` throws when PostgreSQL finds a deadlock
 *   if (attempt === 1) throw Object.assign(new Error("deadlock detected"), { code: "40P01" });
 *   return "done";
 * }, { maxAttempts: 3, backoff: "exponential", delayMs: 10 });
 * assert.equal(result, "done");
 * ```
 */
export async function withRetry<T>(
  fn: (context: RetryContext) => T | PromiseLike<T>,
  options: RetryOptions = {},
): Promise<T> {
  checkRetryOptions(options);
  const { maxAttempts = 3, deadlineMs = Infinity, clock = systemClock, budget, db } = options;
  const { shouldRetry = (error: unknown) => isTransientLazily(error, options.dialect) } = options;
  const signal = signalOf("retry", fn, { signal: options.signal });
  if (isOpenTransaction(db)) throw new RetryInTransactionError();
  const settings = settingsOf(options);
  const started = clock.now();
  const elapsed = (): number => clock.now() - started;
  let previousError: unknown;
  let delay = 0;
  budget?.deposit();
  for (let attempt = 1;; attempt++) {
    const context = { attempt, maxAttempts, elapsed: elapsed(), previousError, signal };
    try {
      return await raceAbort((async () => await fn(context))(), signal);
    } catch (error) {
      if (signal.aborted || attempt >= maxAttempts) throw error;
      const answer = shouldRetry(error, attempt);
      // Most answers are there at once, and a clock for tests need not wait for them.
      if (answer !== true && !await answer) throw error;
      delay = delayAfter(settings, attempt, delay);
      if (elapsed() + delay > deadlineMs || budget?.withdraw() === false) throw error;
      // Work that is retried for a good reason is not lost because of who is told of it.
      callSafely(options.onRetry, [attempt, error, delay], () => {});
      previousError = error;
    }
    await sleep(clock, delay, signal);
  }
}

function settingsOf(options: RetryOptions): Parameters<typeof delayAfter>[0] {
  const { backoff = "exponential" } = options;
  return {
    delayMs: options.delayMs ?? 1_000,
    maxDelayMs: options.maxDelayMs ?? 30_000,
    backoff: typeof backoff === "string" ? backoff : backoff ? "exponential" : "constant",
    jitter: options.jitter ?? "full",
    random: options.random ?? Math.random,
  };
}
