import type { Clock } from "./clock.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** So many steps of promises are let run before a time is left. */
const STEPS = 100;

/**
 * A clock that stands still until it is told to go on: for tests of what waits.
 *
 * @example
 * ```ts
 * import { FakeClock, withRetry } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const clock = new FakeClock();
 * let attempts = 0;
 * const result = withRetry(() => {
 *   attempts++;
 *   if (attempts < 3) throw new Error("not yet");
 *   return "done";
 * }, { clock, jitter: "none", delayMs: 1_000, shouldRetry: () => true });
 *
 * await clock.advance(3_000); // 1 s, then 2 s
 * assert.equal(await result, "done");
 * ```
 */
export class FakeClock implements Clock {
  #now = 0;
  #epoch: number;
  readonly #timers: Set<Timer> = new Set();

  /**
   * @param time what time of day it is at first, in ms since 1970
   */
  constructor(time = 0) {
    this.#epoch = time;
  }

  /** The time that has gone by, in ms. */
  now(): number {
    return this.#now;
  }

  /** The time of day, in ms since 1970. */
  time(): number {
    return this.#epoch + this.#now;
  }

  /** How many timers are waiting. */
  get timers(): number {
    return this.#timers.size;
  }

  /**
   * Calls back when {@linkcode FakeClock.advance} has come so far.
   *
   * @param callback what to call
   * @param ms after how long
   * @returns a function that cancels it
   */
  schedule(callback: () => void, ms: number): () => void {
    const timer = { at: this.#now + Math.max(ms, 0), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /**
   * Goes on, timer by timer, and lets the promises that wait for each run.
   *
   * @param ms by how much
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await this.settle();
    }
    this.#now = end;
    await this.settle();
  }

  /** Lets promises run that wait for nothing but each other. */
  async settle(): Promise<void> {
    for (let step = 0; step < STEPS; step++) await Promise.resolve();
  }

  /**
   * Moves the time of day alone, as somebody who sets the clock does.
   *
   * @param ms by how much
   */
  shiftTime(ms: number): void {
    this.#epoch += ms;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }
}
