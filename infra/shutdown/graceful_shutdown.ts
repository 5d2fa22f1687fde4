import { BadRequestError, isKysely, type KyseraLogger, withQueryExecutor } from "@kysera/core";
import type { ExecutorOf } from "@kysera/executor";
import type { Kysely } from "kysely";
import { raceAbort } from "../_abort.ts";
import {
  callable,
  type Check,
  checkOptions,
  clock as clockCheck,
  logger as loggerCheck,
  ms,
} from "../_options.ts";
import { type SafeLogger, safeLogger } from "../_safe_logger.ts";
import { sleep } from "../clock/_sleep.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import { TimeoutError } from "../resilience/errors.ts";
import { destroyPlugins } from "./_destroy_plugins.ts";
import { Gate } from "./_gate.ts";
import { TrackedExecutor } from "./_tracked_executor.ts";
import { ShutdownFailedError } from "./errors.ts";

/**
 * How far a shutdown has come. `unready`: readiness says no, work is still taken. `draining`: new
 * work is refused, what has begun goes on. `cancelling`: what has not ended is told to. `closing`:
 * callbacks run, plugins are destroyed, the pool is closed.
 */
export type ShutdownPhase =
  | "running"
  | "unready"
  | "draining"
  | "cancelling"
  | "closing"
  | "closed";

/** How a shutdown went. */
export interface ShutdownReport {
  /** Whether all work ended by itself. */
  readonly drained: boolean;
  /** How many pieces of work had to be cancelled. */
  readonly cancelled: number;
  /** How many of these had not ended when the pool was closed. */
  readonly abandoned: number;
  /** How long it took, in ms. */
  readonly duration: number;
}

/** Options of {@linkcode createGracefulShutdown}. An option that is not one of these is an error. */
export interface ShutdownOptions {
  /** How long to wait for work to end by itself, in ms. Default 30,000. */
  readonly timeout?: number | undefined;
  /** How long to wait for work that was cancelled, in ms. Default 5,000. */
  readonly cancelTimeout?: number | undefined;
  /** How long each callback, the plugins, and the pool may take to close, in ms. Default 5,000. */
  readonly closeTimeout?: number | undefined;
  /**
   * How long readiness says no before work is refused, in ms: the time that a load balancer takes to
   * notice. Default 0.
   */
  readonly readinessDelay?: number | undefined;
  /** Called when the work has ended, before the plugins are destroyed and the pool is closed. */
  readonly onShutdown?: (() => unknown) | undefined;
  /** Told what happens. */
  readonly logger?: KyseraLogger | undefined;
  /** Where time and timers come from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/** What work that {@linkcode GracefulShutdown.execute} runs is given. */
export interface ShutdownWork<DB> {
  /** The database; it takes the work's queries while a shutdown waits for the work. */
  readonly db: Kysely<DB>;
  /** Aborted when a shutdown waits no longer. */
  readonly signal: AbortSignal;
}

/** The options, for functions that have others beside them. */
export const SHUTDOWN_CHECKS: Readonly<Record<string, Check>> = {
  timeout: ms,
  cancelTimeout: ms,
  closeTimeout: ms,
  readinessDelay: ms,
  onShutdown: callable,
  logger: loggerCheck,
  clock: clockCheck,
};

/**
 * Ends a service's use of its database in order: made by {@linkcode createGracefulShutdown}, where
 * the order is told.
 */
export class GracefulShutdown<DB> {
  /** The database, counted: make executors from it, or use it as it is. */
  readonly db: Kysely<DB>;
  /** Aborted as soon as a shutdown begins: for loops that should take no more work. */
  readonly stopping: AbortSignal;
  readonly #given: Kysely<DB>;
  /** What is counted, and closed at the end: the last one first. */
  readonly #tracked: Set<Kysely<any>> = new Set();
  readonly #options: ShutdownOptions;
  readonly #logger: SafeLogger;
  readonly #clock: Clock;
  readonly #gate: Gate = new Gate();
  readonly #stop: AbortController = new AbortController();
  readonly #managed: Set<Kysely<any>> = new Set();
  readonly #callbacks: Set<() => unknown> = new Set();
  #phase: ShutdownPhase = "running";
  #done: Promise<ShutdownReport> | undefined;

  /**
   * @param db the database, or an executor
   * @param options see {@linkcode ShutdownOptions}
   */
  constructor(db: ExecutorOf<DB>, options: ShutdownOptions = {}) {
    checkOptions("prepare a shutdown", options, SHUTDOWN_CHECKS);
    if (!isKysely(db) || db.isTransaction) {
      throw new BadRequestError(
        "Cannot prepare a shutdown: the first argument is not a database; give a Kysely or an executor",
      );
    }
    // A type for parameters only: the value is a Kysely of DB.
    this.#given = db as Kysely<DB>;
    this.#options = options;
    this.#logger = safeLogger(options.logger);
    this.#clock = options.clock ?? systemClock;
    this.db = this.track(this.#given);
    this.stopping = this.#stop.signal;
    if (options.onShutdown !== undefined) this.#callbacks.add(options.onShutdown);
  }

  /** How far it is. */
  get phase(): ShutdownPhase {
    return this.#phase;
  }

  /** Whether a shutdown has begun, or is over: readiness is then to say no. */
  get isShuttingDown(): boolean {
    return this.#phase !== "running";
  }

  /** How many connections are held or waited for, and how many pieces of work run. */
  get inFlight(): number {
    return this.#gate.inside;
  }

  /** Aborted when what has not ended is cancelled. */
  get signal(): AbortSignal {
    return this.#gate.signal;
  }

  /**
   * Counts the work of another database as well, such as a replica, and closes it at the end.
   *
   * @param db the database, or an executor
   * @returns the same, counted
   */
  track<K extends Kysely<any>>(db: K): K {
    this.#tracked.add(db);
    return withQueryExecutor(db, new TrackedExecutor(db.getExecutor(), this.#gate));
  }

  /**
   * Has the plugins of an executor destroyed at the end; the last one given comes first.
   *
   * @param executor the executor
   * @returns the same
   */
  manage<K extends Kysely<any>>(executor: K): K {
    this.#managed.add(executor);
    return executor;
  }

  /**
   * Has something called when the work has ended, before the plugins are destroyed.
   *
   * @param callback what to call
   * @returns a function that takes it back
   */
  onShutdown(callback: () => unknown): () => void {
    this.#callbacks.add(callback);
    return () => void this.#callbacks.delete(callback);
  }

  /**
   * Runs a piece of work, such as a request, that a shutdown waits for as a whole: queries of its
   * `db` are taken until it ends, while those of others are refused already.
   *
   * @param fn the work
   * @returns what it returns
   * @throws {ShutdownError} where a shutdown has begun, or waits no longer
   */
  execute<T>(fn: (work: ShutdownWork<DB>) => T | PromiseLike<T>): Promise<T> {
    return this.#gate.lease(async (lease) => {
      const executor = new TrackedExecutor(this.#given.getExecutor(), this.#gate, lease);
      return await fn({ db: withQueryExecutor(this.#given, executor), signal: this.#gate.signal });
    });
  }

  /**
   * Shuts down. Calls after the first one wait for the same.
   *
   * @returns how it went
   * @throws {ShutdownFailedError} where a step failed, after all were tried
   */
  shutdown(): Promise<ShutdownReport> {
    this.#done ??= this.#run();
    return this.#done;
  }

  /** {@linkcode GracefulShutdown.shutdown}, by `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  async #run(): Promise<ShutdownReport> {
    const { timeout = 30_000, cancelTimeout = 5_000, readinessDelay = 0 } = this.#options;
    const started = this.#clock.now();
    const gate = this.#gate;
    const logger = this.#logger;
    this.#phase = "unready";
    logger.info("Shutting down", { inFlight: gate.inside });
    this.#stop.abort(new Error("The service is shutting down"));
    if (readinessDelay > 0) await sleep(this.#clock, readinessDelay);

    this.#phase = "draining";
    gate.shut();
    const drained = await this.#within(timeout, gate.idle());
    const cancelled = gate.inside;
    if (!drained) {
      this.#phase = "cancelling";
      logger.warn("Cancelling what has not ended", { inFlight: cancelled });
      gate.cancel((error) => logger.warn("Cannot cancel a statement", error));
      await this.#within(cancelTimeout, gate.idle());
    }

    this.#phase = "closing";
    const abandoned = gate.inside;
    const errors = await this.#close();
    this.#phase = "closed";
    const report = { drained, cancelled, abandoned, duration: this.#clock.now() - started };
    if (errors.length > 0) throw new ShutdownFailedError(errors, report);
    logger.info("Shut down", report);
    return report;
  }

  /** Every step, whatever the outcome of the one before; the pool comes last. */
  async #close(): Promise<unknown[]> {
    const errors: unknown[] = [];
    const failed = (error: unknown): void => {
      this.#logger.error("Cannot complete a step of the shutdown", error);
      errors.push(error);
    };
    for (const callback of this.#callbacks) {
      await this.#step("a callback of the shutdown", failed, async () => void await callback());
    }
    for (const executor of [...this.#managed].reverse()) {
      await this.#step("destroying plugins", failed, () => destroyPlugins(executor, failed));
    }
    const tracked = [...this.#tracked].reverse();
    for (const db of tracked) {
      await this.#step("destroying plugins", failed, () => destroyPlugins(db, failed));
    }
    for (const db of tracked) await this.#step("closing the pool", failed, () => db.destroy());
    return errors;
  }

  async #step(
    what: string,
    failed: (error: unknown) => void,
    run: () => Promise<void>,
  ): Promise<void> {
    const { closeTimeout = 5_000 } = this.#options;
    const step = (async () => await run())();
    try {
      if (!await this.#within(closeTimeout, step)) throw new TimeoutError(closeTimeout, what);
    } catch (error) {
      failed(error);
    }
  }

  /** Whether something comes to its end in time. */
  async #within(time: number, end: Promise<void>): Promise<boolean> {
    const late = new AbortController();
    const cancel = this.#clock.schedule(() => late.abort(late), time);
    try {
      await raceAbort(end, late.signal);
      return true;
    } catch (error) {
      if (error === late) return false;
      throw error;
    } finally {
      cancel();
    }
  }
}
