/**
 * What everything in this package takes the time and its timers from. Hand in another one to drive it
 * by hand, as {@linkcode FakeClock} does.
 *
 * @example
 * ```ts
 * import { systemClock } from "@kysera/infra";
 *
 * const cancel = systemClock.schedule(() => console.log("late"), 60_000);
 * cancel();
 * ```
 */
export interface Clock {
  /** A time that only goes forwards, in ms. */
  now(): number;
  /** The time of day, in ms since 1970. */
  time(): number;
  /**
   * Calls back once.
   *
   * @param callback what to call
   * @param ms after how long
   * @returns a function that cancels it
   */
  schedule(callback: () => void, ms: number): () => void;
}

/** The longest delay that timers keep, in ms; they take a longer one for none at all. */
const LONGEST = 2_147_483_647;

/** The clock and the timers of the runtime. */
export const systemClock: Clock = Object.freeze({
  now: (): number => performance.now(),
  time: (): number => Date.now(),
  schedule(callback: () => void, ms: number): () => void {
    const timer = setTimeout(callback, Math.min(ms, LONGEST));
    return () => clearTimeout(timer);
  },
});
