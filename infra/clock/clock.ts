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
   * @param keepsAlive whether the program waits for it before it ends by itself. Default `true`
   * @returns a function that cancels it
   */
  schedule(callback: () => void, ms: number, keepsAlive?: boolean): () => void;
}

/** The longest delay that timers keep, in ms; they take a longer one for none at all. */
const LONGEST = 2_147_483_647;

/** The clock and the timers of the runtime. */
export const systemClock: Clock = Object.freeze({
  now: (): number => performance.now(),
  time: (): number => Date.now(),
  schedule(callback: () => void, ms: number, keepsAlive = true): () => void {
    const timer = setTimeout(callback, Math.min(ms, LONGEST));
    if (!keepsAlive) unref(timer);
    return () => clearTimeout(timer);
  },
});

/** Takes a timer out of what keeps a program alive, in the runtimes that can: browsers have no end. */
function unref(timer: unknown): void {
  if (typeof timer !== "object" || timer === null || !("unref" in timer)) return;
  if (typeof timer.unref === "function") timer.unref();
}
