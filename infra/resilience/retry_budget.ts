import { amount, checkOptions, clock as clockCheck } from "../_options.ts";
import { type Clock, systemClock } from "../clock/clock.ts";

/** Options of a {@linkcode RetryBudget}. */
export interface RetryBudgetOptions {
  /** How many retries each call earns. Default 0.1: one retry for ten calls. */
  readonly ratio?: number | undefined;
  /** How many retries a second there are at all times. Default 1. */
  readonly perSecond?: number | undefined;
  /** The most retries that are saved up, and how many there are at first. Default 10. */
  readonly max?: number | undefined;
  /** Where the time comes from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/**
 * How many retries a service allows itself in all. Where everything fails, every call retried three
 * times is three times the load on a database that is down: a budget that calls share keeps retries
 * to a part of them.
 *
 * @example
 * ```ts
 * import { RetryBudget, withRetry } from "@kysera/infra";
 *
 * const budget = new RetryBudget({ ratio: 0.2 });
 * await withRetry(() => "done", { budget });
 * ```
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #perMs: number;
  readonly #max: number;
  readonly #clock: Clock;
  #tokens: number;
  #at: number;

  /**
   * @param options see {@linkcode RetryBudgetOptions}
   */
  constructor(options: RetryBudgetOptions = {}) {
    checkOptions("make a retry budget", options, {
      ratio: amount,
      perSecond: amount,
      max: amount,
      clock: clockCheck,
    });
    this.#ratio = options.ratio ?? 0.1;
    this.#perMs = (options.perSecond ?? 1) / 1000;
    this.#max = options.max ?? 10;
    this.#clock = options.clock ?? systemClock;
    this.#tokens = this.#max;
    this.#at = this.#clock.now();
  }

  /** How many retries there are now. */
  get available(): number {
    const earned = (this.#clock.now() - this.#at) * this.#perMs;
    return Math.min(this.#max, this.#tokens + earned);
  }

  /** Notes a call, which earns a part of a retry. */
  deposit(): void {
    this.#set(this.available + this.#ratio);
  }

  /**
   * Takes one retry, if there is one.
   *
   * @returns whether there was
   */
  withdraw(): boolean {
    const available = this.available;
    if (available < 1) return false;
    this.#set(available - 1);
    return true;
  }

  #set(tokens: number): void {
    this.#tokens = Math.min(this.#max, tokens);
    this.#at = this.#clock.now();
  }
}
