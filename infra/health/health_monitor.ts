import type { Kysely } from "kysely";
import { Emitter } from "../_emitter.ts";
import { checkOptions, someMs } from "../_options.ts";
import { type Probe, type ProbeSettings, startProbe, stillWaiting } from "./_probe.ts";
import type { HealthCheckResult, HealthStatus } from "./health_check_result.ts";
import {
  HEALTH_CHECKS,
  type HealthCheckOptions,
  mustBeDatabase,
  probeSettings,
} from "./perform_health_check.ts";

/** Options of a {@linkcode HealthMonitor}. An option that is not one of these is an error. */
export interface HealthMonitorOptions extends HealthCheckOptions {
  /** How long it is from one check to the next, in ms. Default 30,000. */
  readonly interval?: number | undefined;
  /** Stops the monitor when it is aborted: a shutdown's `stopping`, for one. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The events of a monitor. `healthy`, `degraded` and `unhealthy` come when the status becomes that,
 * `check` comes after every check.
 */
export type HealthEvent = HealthStatus | "check";

/** What listens to a monitor. */
export type HealthListener = (result: HealthCheckResult) => unknown;

/** After so many timeouts a check that has not been answered is given up on. */
const GIVE_UP_AFTER = 6;

/**
 * Checks a database again and again.
 *
 * There are never two checks at once, whoever asks: who asks while one runs is given what that one
 * finds. While the database has not answered a check that timed out, the next ones are unhealthy
 * without another query, for six timeouts; then another one is tried.
 *
 * The wait between two checks keeps no program alive: one that has nothing else to do ends.
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { HealthMonitor } from "@kysera/infra";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const monitor = new HealthMonitor(db, { interval: 30_000 });
 * monitor.on("unhealthy", (result) => console.error(result.errors));
 * monitor.start();
 * assert.equal((await monitor.checkNow()).status, "healthy");
 * await monitor.destroy();
 * await db.destroy();
 * ```
 */
export class HealthMonitor {
  readonly #db: Kysely<any>;
  readonly #interval: number;
  readonly #settings: ProbeSettings;
  readonly #events: Emitter<Record<HealthEvent, [HealthCheckResult]>>;
  readonly #signal: AbortSignal | undefined;
  /** Given to `start()`; it hears of every check as long as the monitor runs. */
  #callback: HealthListener | undefined;
  #last: HealthCheckResult | undefined;
  #probe: Probe | undefined;
  #checking: Promise<HealthCheckResult> | undefined;
  #cancelTimer: (() => void) | undefined;
  #running = false;

  /**
   * Creates a monitor. It checks nothing before `start()` or `checkNow()`.
   *
   * @param db the database, or an executor
   * @param options see {@linkcode HealthMonitorOptions}
   * @throws {BadRequestError} for an unknown option, or where `db` is not a database
   */
  constructor(db: Kysely<any>, options: HealthMonitorOptions = {}) {
    checkOptions("monitor the database", options, { interval: someMs, ...HEALTH_CHECKS });
    mustBeDatabase(db, "monitor the database");
    const { interval = 30_000, signal, ...rest } = options;
    this.#db = db;
    this.#interval = interval;
    this.#settings = probeSettings(rest);
    this.#events = new Emitter(options.logger);
    this.#signal = signal;
    signal?.addEventListener("abort", () => this.stop(), { once: true });
  }

  /**
   * Begins to check, at once and then at each interval. One that runs goes on; one whose signal is
   * aborted does nothing.
   *
   * @param callback called after every check until it is stopped
   */
  start(callback?: HealthListener): void {
    if (this.#signal?.aborted === true) return;
    if (callback !== undefined) this.#callback = callback;
    if (this.#running) return;
    this.#running = true;
    this.#tick();
  }

  /** Stops checking. A check that runs ends by itself, and nobody is told. */
  stop(): void {
    this.#running = false;
    this.#callback = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Stops checking, forgets the listeners, and waits for a check that runs. */
  async destroy(): Promise<void> {
    this.stop();
    this.#events.clear();
    await this.#checking;
  }

  /** {@linkcode HealthMonitor.destroy}, by `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }

  /** What the last check found, if there was one. */
  getLastCheck(): HealthCheckResult | undefined {
    return this.#last;
  }

  /** Whether it checks at intervals. */
  isRunning(): boolean {
    return this.#running;
  }

  /**
   * Checks now, or waits for the check that runs.
   *
   * @returns what was found
   */
  checkNow(): Promise<HealthCheckResult> {
    this.#checking ??= this.#check().finally(() => this.#checking = undefined);
    return this.#checking;
  }

  /**
   * Listens to an event. A listener that throws is told to the logger, and changes nothing.
   *
   * @param event see {@linkcode HealthEvent}
   * @param listener what to call
   * @returns a function that ends the listening
   */
  on(event: HealthEvent, listener: HealthListener): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Ends the listening.
   *
   * @param event the event
   * @param listener what was given to {@linkcode HealthMonitor.on}
   */
  off(event: HealthEvent, listener: HealthListener): void {
    this.#events.off(event, listener);
  }

  #tick(): void {
    const { clock } = this.#settings;
    const started = clock.now();
    this.checkNow().then(() => {
      if (!this.#running || this.#cancelTimer !== undefined) return;
      const left = Math.max(this.#interval - (clock.now() - started), 0);
      this.#cancelTimer = clock.schedule(
        () => {
          this.#cancelTimer = undefined;
          this.#tick();
        },
        left,
        false,
      );
    });
  }

  async #check(): Promise<HealthCheckResult> {
    const wasRunning = this.#running;
    const result = await this.#ask();
    const before = this.#last?.status;
    this.#last = result;
    // One that was stopped meanwhile is not to raise an alarm any longer.
    if (wasRunning && !this.#running) return result;
    if (result.status !== before) this.#events.emit(result.status, result);
    this.#events.emit("check", result);
    this.#events.call("check", this.#callback, result);
    return result;
  }

  #ask(): Promise<HealthCheckResult> {
    const { clock, timeout } = this.#settings;
    if (this.#probe?.settled === false) {
      const waited = clock.now() - this.#probe.startedAt;
      if (waited < timeout * GIVE_UP_AFTER) {
        return Promise.resolve(stillWaiting(this.#settings, waited));
      }
    }
    this.#probe = startProbe(this.#db, this.#settings);
    return this.#probe.result;
  }
}
