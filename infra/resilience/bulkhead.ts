import { raceAbort } from "../_abort.ts";
import { checkOptions, clock as clockCheck, count, countOrZero, someMs } from "../_options.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import { signalOf } from "./_call.ts";
import { BulkheadError } from "./errors.ts";
import type { Policy } from "./policy.ts";

/** Options of {@linkcode bulkhead}. */
export interface BulkheadOptions {
  /** How many calls may run at once. */
  readonly limit: number;
  /** How many more may wait for their turn. Default 0. */
  readonly queue?: number | undefined;
  /** How long a call may wait for its turn, in ms. Default: as long as it takes. */
  readonly queueTimeout?: number | undefined;
  /** Where timers come from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/** A policy that lets only so many calls run at once. */
export interface Bulkhead extends Policy {
  /** How many calls run. */
  readonly running: number;
  /** How many wait for their turn. */
  readonly waiting: number;
}

/**
 * Lets only so many calls run at once, so that one part of a service cannot take all of the
 * database's connections.
 *
 * @param options see {@linkcode BulkheadOptions}
 * @returns the policy; what it refuses fails with a {@linkcode BulkheadError}
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { bulkhead, BulkheadError } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const reports = bulkhead({ limit: 1 });
 * const first = reports.execute(() => new Promise((resolve) => setTimeout(resolve, 5, "done")));
 * await assert.rejects(() => reports.execute(() => "too many"), BulkheadError);
 * assert.equal(await first, "done");
 * ```
 */
export function bulkhead(options: BulkheadOptions): Bulkhead {
  checkOptions("make a bulkhead", options, {
    limit: count,
    queue: countOrZero,
    queueTimeout: someMs,
    clock: clockCheck,
  });
  checkOptions("make a bulkhead", { limit: options.limit ?? NaN }, { limit: count });
  const { limit, queue = 0, queueTimeout, clock = systemClock } = options;
  const turns: (() => void)[] = [];
  let running = 0;

  /** Waits for a turn; the one that leaves hands its own over, so that nobody jumps the queue. */
  async function enter(signal: AbortSignal): Promise<void> {
    if (running < limit) {
      running++;
      return;
    }
    if (turns.length >= queue) {
      throw new BulkheadError(`${limit} run already, and ${queue} wait`);
    }
    const controller = new AbortController();
    const late = (): void =>
      controller.abort(new BulkheadError(`its turn did not come within ${queueTimeout} ms`));
    const cancel = queueTimeout === undefined ? undefined : clock.schedule(late, queueTimeout);
    let turn!: () => void;
    const mine = new Promise<void>((resolve) => {
      turn = resolve;
      turns.push(turn);
    });
    try {
      await raceAbort(mine, AbortSignal.any([signal, controller.signal]));
    } catch (error) {
      const place = turns.indexOf(turn);
      if (place >= 0) turns.splice(place, 1);
      // The turn came together with the end of the waiting.
      else leave();
      throw error;
    } finally {
      cancel?.();
    }
  }

  function leave(): void {
    const next = turns.shift();
    if (next === undefined) running--;
    else next();
  }

  return {
    get running() {
      return running;
    },
    get waiting() {
      return turns.length;
    },
    async execute(fn, call = {}) {
      const signal = signalOf("run in a bulkhead", fn, call);
      await enter(signal);
      try {
        return await fn({ signal });
      } finally {
        leave();
      }
    },
  };
}
