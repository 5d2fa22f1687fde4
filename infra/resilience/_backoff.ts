/** How the waits between attempts grow. */
export type Backoff = "exponential" | "constant";
/** How much chance there is in a wait. */
export type Jitter = "full" | "decorrelated" | "none";

/** What a wait is made from. */
export interface BackoffSettings {
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly backoff: Backoff;
  readonly jitter: Jitter;
  readonly random: () => number;
}

/**
 * How long to wait after an attempt, in ms.
 *
 * Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: full jitter is anything
 * up to a bound that doubles; decorrelated jitter is anything from the base to three times the wait
 * before. Calls that failed together do not come back together.
 *
 * @param settings the settings
 * @param attempt the attempt that failed, from 1
 * @param previous the wait before it; 0 where there was none
 */
export function delayAfter(settings: BackoffSettings, attempt: number, previous: number): number {
  const { delayMs, maxDelayMs, backoff, jitter, random } = settings;
  if (jitter === "decorrelated") {
    const bound = Math.max(delayMs, previous * 3);
    return Math.min(maxDelayMs, delayMs + random() * (bound - delayMs));
  }
  const factor = backoff === "exponential" ? 2 ** (attempt - 1) : 1;
  const bound = Math.min(maxDelayMs, delayMs * factor);
  return jitter === "full" ? random() * bound : bound;
}
