import { BadRequestError, type KyseraLogger } from "@kysera/core";
import { Emitter } from "../_emitter.ts";
import {
  callable,
  checkOptions,
  clock as clockCheck,
  count,
  logger as loggerCheck,
  ms,
  someMs,
  something,
  text,
} from "../_options.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import { signalOf } from "./_call.ts";
import { readSavedState, type SavedCircuit } from "./_saved_circuit.ts";
import { CircuitBreakerError, RefusedError } from "./errors.ts";
import { isOutageError } from "./is_outage_error.ts";
import type { Policy, PolicyCallOptions, PolicyContext } from "./policy.ts";

export type { SavedCircuit } from "./_saved_circuit.ts";

/** Whether calls pass: all of them, none, or a few to see whether the other side is well again. */
export type CircuitState = "closed" | "open" | "half-open";

/** What a circuit breaker is at. */
export interface CircuitBreakerState {
  /** Whether calls pass, isolation left aside. */
  readonly state: CircuitState;
  /** How many calls have failed in a row. */
  readonly failureCount: number;
  /** When the last call failed, in ms since 1970. */
  readonly lastFailureTime: number | undefined;
  /** After how many ms a call is let through again; 0 where one is let through now. */
  readonly retryAfter: number;
  /** Whether somebody holds it open. */
  readonly isolated: boolean;
}

/** Options of a {@linkcode CircuitBreaker}. An option that is not one of these is an error. */
export interface CircuitBreakerOptions {
  /** How many calls in a row must fail for it to open. Default 5. */
  readonly threshold?: number | undefined;
  /** How long it stays open before calls are let through to try, in ms. Default 60,000. */
  readonly resetTimeout?: number | undefined;
  /** How many such calls may run at once. Default 1. */
  readonly probes?: number | undefined;
  /** How many of them must succeed for it to close. Default 1. */
  readonly successThreshold?: number | undefined;
  /** After how long such a call no longer counts as running, in ms. Default `resetTimeout`. */
  readonly probeTimeout?: number | undefined;
  /** Whether an error counts as a failure. Default {@linkcode isOutageError}. */
  readonly isFailure?: ((error: unknown) => boolean) | undefined;
  /** Called whenever the state changes. */
  readonly onStateChange?: ((state: CircuitState, before: CircuitState) => void) | undefined;
  /** What it stands before, for errors and logs. */
  readonly name?: string | undefined;
  /** What `toJSON()` of another one gave: it goes on where that one was. */
  readonly state?: SavedCircuit | undefined;
  /** Told of listeners that fail. */
  readonly logger?: KyseraLogger | undefined;
  /** Where the time comes from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/** The events of a circuit breaker, with what listeners are given. */
export interface CircuitBreakerEvents {
  /** The state changed. */
  readonly change: readonly [state: CircuitState, before: CircuitState];
  /** A call was refused. */
  readonly refused: readonly [error: CircuitBreakerError];
  /** A call failed, and it counted. */
  readonly failure: readonly [error: unknown];
}

/** Holds a circuit breaker open until it is released. */
export interface CircuitIsolation {
  /** Lets go. A second call does nothing. */
  release(): void;
}

const CHECKS = {
  threshold: count,
  resetTimeout: ms,
  probes: count,
  successThreshold: count,
  probeTimeout: someMs,
  isFailure: callable,
  onStateChange: callable,
  name: text,
  state: something,
  logger: loggerCheck,
  clock: clockCheck,
};

/** A call that was let through, and in which period of the breaker's life. */
interface Ticket {
  readonly period: number;
  readonly startedAt: number;
}

/**
 * Refuses calls for a while once so many in a row have failed, and then lets a few through to see.
 *
 * It has no timer: what it lets through is decided by the clock when a call comes. Only outages count
 * ({@linkcode isOutageError}): a database that refuses a duplicate key is well. The outcome of a call
 * counts in the period in which it began: one that fails late, after the breaker has opened and is
 * trying again, changes nothing. A trial call that hangs gives its place to another one after
 * `probeTimeout`.
 *
 * @example
 * ```ts
 * import { CircuitBreaker, CircuitBreakerError } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const breaker = new CircuitBreaker({ threshold: 2, resetTimeout: 60_000 });
 * const down = () => Promise.reject(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
 * await breaker.execute(down).catch(() => {});
 * await breaker.execute(down).catch(() => {});
 *
 * assert.equal(breaker.isOpen(), true);
 * await assert.rejects(() => breaker.execute(() => "not called"), CircuitBreakerError);
 * ```
 */
export class CircuitBreaker implements Policy {
  readonly #threshold: number;
  readonly #resetTimeout: number;
  readonly #probes: number;
  readonly #successThreshold: number;
  readonly #probeTimeout: number;
  readonly #isFailure: (error: unknown) => boolean;
  readonly #onStateChange: CircuitBreakerOptions["onStateChange"];
  readonly #name: string | undefined;
  readonly #clock: Clock;
  readonly #events: Emitter<{ [E in keyof CircuitBreakerEvents]: [...CircuitBreakerEvents[E]] }>;
  readonly #trials: Set<Ticket> = new Set();
  #state: CircuitState = "closed";
  /** Changes with the state: an outcome from another period is old news. */
  #period = 0;
  #failures = 0;
  #successes = 0;
  #openedAt = 0;
  #lastFailureTime: number | undefined;
  #isolations = 0;

  /**
   * @param options see {@linkcode CircuitBreakerOptions}; or the threshold alone
   * @param resetTimeout where the first argument is a number: how long it stays open, in ms
   * @throws {BadRequestError} for an unknown option, or a value that makes no sense
   */
  constructor(options: CircuitBreakerOptions | number = {}, resetTimeout?: number) {
    if (typeof options !== "number" && resetTimeout !== undefined) {
      throw new BadRequestError(
        "Cannot make a circuit breaker: give the time as the option `resetTimeout`",
      );
    }
    const given = typeof options === "number" ? { threshold: options, resetTimeout } : options;
    checkOptions("make a circuit breaker", given, CHECKS);
    this.#threshold = given.threshold ?? 5;
    this.#resetTimeout = given.resetTimeout ?? 60_000;
    this.#probes = given.probes ?? 1;
    this.#successThreshold = given.successThreshold ?? 1;
    this.#probeTimeout = given.probeTimeout ?? Math.max(this.#resetTimeout, 1);
    this.#isFailure = given.isFailure ?? isOutageError;
    this.#onStateChange = given.onStateChange;
    this.#name = given.name;
    this.#clock = given.clock ?? systemClock;
    this.#events = new Emitter(given.logger);
    if (given.state !== undefined) this.#restore(given.state);
  }

  /**
   * Runs a call, or refuses it.
   *
   * @param fn the call
   * @param options a signal: a call that fails because of it says nothing of the other side
   * @returns what the call returns
   * @throws {CircuitBreakerError} where the call is refused
   */
  async execute<T>(
    fn: (context: PolicyContext) => T | PromiseLike<T>,
    options: PolicyCallOptions = {},
  ): Promise<T> {
    const signal = signalOf("run with a circuit breaker", fn, options);
    const ticket = this.#admit();
    let result: T;
    try {
      result = await fn({ signal });
    } catch (error) {
      if (signal.aborted || error instanceof RefusedError) this.#trials.delete(ticket);
      else if (this.#isFailure(error)) this.#fail(ticket, error);
      else this.#succeed(ticket);
      throw error;
    }
    this.#succeed(ticket);
    return result;
  }

  /** What it is at. */
  getState(): CircuitBreakerState {
    const retryAfter = this.#retryAfter();
    return {
      state: this.#state === "open" && retryAfter === 0 ? "half-open" : this.#state,
      failureCount: this.#failures,
      lastFailureTime: this.#lastFailureTime,
      retryAfter,
      isolated: this.#isolations > 0,
    };
  }

  /** Whether calls are refused, by its state or by isolation. */
  isOpen(): boolean {
    return this.#isolations > 0 || this.getState().state === "open";
  }

  /** Whether all calls pass. */
  isClosed(): boolean {
    return this.#isolations === 0 && this.#state === "closed";
  }

  /** Closes it, and forgets the failures. An isolation stays. */
  reset(): void {
    this.#failures = 0;
    this.#enter("closed");
  }

  /** Opens it, as if the calls had failed: it tries again after `resetTimeout`. */
  forceOpen(): void {
    this.#openedAt = this.#clock.now();
    this.#enter("open");
  }

  /**
   * Holds it open, whatever the time, until everybody who asked for it has let go.
   *
   * @returns what to let go with
   */
  isolate(): CircuitIsolation {
    this.#isolations++;
    let held = true;
    const release = (): void => {
      if (held) this.#isolations--;
      held = false;
    };
    return { release };
  }

  /**
   * Listens to an event. A listener that throws changes nothing.
   *
   * @param event the event
   * @param listener what to call
   * @returns a function that ends the listening
   */
  on<E extends keyof CircuitBreakerEvents>(
    event: E,
    listener: (...args: [...CircuitBreakerEvents[E]]) => unknown,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /** What it is at as plain data, for the option `state` of another one. */
  toJSON(): SavedCircuit {
    const open = this.#state !== "closed";
    const ago = this.#clock.now() - this.#openedAt;
    return {
      state: open ? "open" : "closed",
      failureCount: this.#failures,
      openedAt: open ? Math.round(this.#clock.time() - ago) : null,
    };
  }

  #restore(saved: SavedCircuit): void {
    const { state, failureCount, openedAt } = readSavedState(saved);
    this.#failures = failureCount;
    if (state === "closed") return;
    this.#state = "open";
    // A time to come is somebody else's clock: it cannot be open for longer than it may.
    const ago = Math.max(this.#clock.time() - openedAt, 0);
    this.#openedAt = this.#clock.now() - ago;
  }

  #admit(): Ticket {
    const now = this.#clock.now();
    if (this.#isolations > 0) throw this.#refusal("is held open");
    if (this.#state === "open") {
      const wait = this.#retryAfter();
      if (wait > 0) throw this.#refusal(`is open for ${Math.ceil(wait)} ms more`, wait);
      this.#enter("half-open");
    }
    const ticket = { period: this.#period, startedAt: now };
    if (this.#state === "half-open") {
      for (const trial of this.#trials) {
        if (now - trial.startedAt >= this.#probeTimeout) this.#trials.delete(trial);
      }
      if (this.#trials.size >= this.#probes) {
        throw this.#refusal(`is half open, and ${this.#trials.size} on trial`);
      }
      this.#trials.add(ticket);
    }
    return ticket;
  }

  #refusal(why: string, retryAfter?: number): CircuitBreakerError {
    const name = this.#name === undefined ? "the circuit" : `the circuit "${this.#name}"`;
    const error = new CircuitBreakerError(`${name} ${why}`, retryAfter);
    this.#events.emit("refused", error);
    return error;
  }

  #succeed(ticket: Ticket): void {
    if (!this.#counts(ticket)) return;
    if (this.#state === "half-open" && ++this.#successes < this.#successThreshold) return;
    this.#failures = 0;
    this.#enter("closed");
  }

  #fail(ticket: Ticket, error: unknown): void {
    if (!this.#counts(ticket)) return;
    this.#failures++;
    this.#lastFailureTime = this.#clock.time();
    this.#events.emit("failure", error);
    if (this.#state === "closed" && this.#failures < this.#threshold) return;
    this.forceOpen();
  }

  /** Whether the outcome of a call still matters. */
  #counts(ticket: Ticket): boolean {
    const running = this.#trials.delete(ticket);
    return ticket.period === this.#period && (running || this.#state === "closed");
  }

  #retryAfter(): number {
    if (this.#state !== "open") return 0;
    return Math.max(this.#resetTimeout - (this.#clock.now() - this.#openedAt), 0);
  }

  #enter(state: CircuitState): void {
    const before = this.#state;
    if (state === before && state === "closed") return;
    this.#state = state;
    this.#period++;
    this.#successes = 0;
    this.#trials.clear();
    if (state === before) return;
    this.#events.emit("change", state, before);
    this.#events.call("change", this.#onStateChange, state, before);
  }
}
