import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Wait } from "./_write_lock.ts";

/** How a transaction is run again. */
export interface RetryOptions {
  /** How often it may run, the first time included. Default 3. */
  readonly attempts?: number | undefined;
  /** The longest wait before the second attempt, in ms; it doubles each time. Default 20. */
  readonly baseDelay?: number | undefined;
  /** The longest wait before any attempt, in ms. Default 2,000. */
  readonly maxDelay?: number | undefined;
  /** How long after the first one began an attempt may still begin, in ms. Default 30,000. */
  readonly deadline?: number | undefined;
  /** A random number from 0 up to 1, for tests. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Waits, for tests. Default a timer. */
  readonly sleep?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/** Options with their defaults. */
export type Retry = { readonly [K in keyof RetryOptions]-?: NonNullable<RetryOptions[K]> };

const DEFAULTS: Retry = {
  attempts: 3,
  baseDelay: 20,
  maxDelay: 2_000,
  deadline: 30_000,
  random: Math.random,
  sleep: sleepFor,
};

/** Checks the option, and fills in the defaults. */
export function validateRetry(option: number | RetryOptions | undefined): Retry | undefined {
  if (option === undefined) return undefined;
  const given: RetryOptions = typeof option === "number" ? { attempts: option } : option;
  if (typeof given !== "object" || given === null) {
    throw new BadRequestError(
      `Cannot begin a transaction: "retry" is a ${typeof given}; give a number of attempts, or an ` +
        `object`,
    );
  }
  assertKnownOptions(given, Object.keys(DEFAULTS), {
    action: "begin a transaction",
    subject: '"retry"',
  });
  const defined = Object.entries(given).filter(([, value]) => value !== undefined);
  // Every key is one of Retry, as was looked at above; the values are looked at below.
  const retry = { ...DEFAULTS, ...Object.fromEntries(defined) } as Retry;
  if (!Number.isInteger(retry.attempts) || retry.attempts < 1) {
    throw new BadRequestError(
      `Cannot begin a transaction with ${
        String(retry.attempts)
      } attempts; give a whole number from 1`,
    );
  }
  for (const key of ["baseDelay", "maxDelay", "deadline"] as const) {
    if (typeof retry[key] !== "number" || !(retry[key] >= 0)) {
      throw new BadRequestError(
        `Cannot begin a transaction: "retry.${key}" is ${String(retry[key])}; give a number of ms`,
      );
    }
  }
  for (const key of ["random", "sleep"] as const) {
    if (typeof retry[key] === "function") continue;
    throw new BadRequestError(`Cannot begin a transaction: "retry.${key}" is not a function`);
  }
  return retry;
}

/**
 * How long to wait before the next attempt, in ms; `undefined` where there is none.
 *
 * Full jitter: anything up to a bound that doubles, so that transactions which met do not meet again.
 * Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoff(
  retry: Retry | undefined,
  attempt: number,
  elapsed: number,
): number | undefined {
  if (retry === undefined || attempt >= retry.attempts) return undefined;
  const bound = Math.min(retry.maxDelay, retry.baseDelay * 2 ** (attempt - 1));
  const delay = retry.random() * bound;
  return elapsed + delay > retry.deadline ? undefined : delay;
}

/** The longest wait for a lock that others hold, in ms, before it is looked at again. */
const LOCK_DELAY = 50;

/**
 * Returns what waits for a lock of SQLite, again and again, up to the deadline. The waits are short
 * and random: SQLite tells nobody that a lock is free.
 *
 * @param retry says the deadline
 * @param signal ends the wait
 */
export function lockWait(retry: Retry | undefined, signal: AbortSignal | undefined): Wait {
  const { deadline } = retry ?? DEFAULTS;
  const started = performance.now();
  let bound = 1;
  return async (error) => {
    if (performance.now() - started >= deadline) throw error;
    bound = Math.min(LOCK_DELAY, bound * 2);
    await sleepFor(Math.random() * bound, signal);
  };
}

function sleepFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    // An aborted signal tells nobody a second time.
    signal?.throwIfAborted();
    const abort = (): void => {
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
