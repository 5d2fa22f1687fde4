import { BadRequestError, isKysely, type KyseraLogger } from "@kysera/core";
import type { Kysely } from "kysely";
import {
  callable,
  type Check,
  checkOptions,
  either,
  logger as loggerCheck,
  withMethods,
} from "../_options.ts";
import { safeLogger } from "../_safe_logger.ts";
import { SHUTDOWN_CHECKS, type ShutdownOptions } from "../shutdown/graceful_shutdown.ts";
import { gracefulShutdown } from "../shutdown/shutdown_database.ts";

/** Where signals come from: `process` of Node and Bun. */
export interface ProcessSignals {
  /** Begins to listen. */
  on(signal: any, listener: () => void): unknown;
  /** Ends the listening. */
  off(signal: any, listener: () => void): unknown;
}

/** Where signals come from: `Deno`. */
export interface DenoSignals {
  /** Begins to listen. */
  addSignalListener(signal: any, listener: () => void): void;
  /** Ends the listening. */
  removeSignalListener(signal: any, listener: () => void): void;
}

/** Options of {@linkcode registerShutdownHandlers}. */
export interface ShutdownHandlerOptions {
  /** Where signals come from: `process`, or `Deno`. */
  readonly from: ProcessSignals | DenoSignals;
  /** Which signals. Default `["SIGTERM", "SIGINT"]`. */
  readonly signals?: readonly string[] | undefined;
  /**
   * Ends the program: called with 0 after a shutdown, with 1 after one that failed, and with 1 at
   * once where a second signal comes. Without it the program ends when nothing is left to do.
   */
  readonly exit?: ((code: number) => void) | undefined;
  /** Told what happens. */
  readonly logger?: KyseraLogger | undefined;
}

const names: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string")
    ? undefined
    : "give names of signals";

/** What signals can shut down, as {@linkcode createGracefulShutdown} makes it. */
export interface ShutdownTarget {
  /** Shuts down. */
  shutdown(): Promise<unknown>;
}

/**
 * Has signals begin a shutdown. Nothing is imported from a runtime: hand in what it has.
 *
 * @param target what to shut down, as {@linkcode createGracefulShutdown} makes it; or a database,
 * which is then closed as {@linkcode gracefulShutdown} does, without waiting for work
 * @param options see {@linkcode ShutdownHandlerOptions}; for a database those of its shutdown as well
 * @returns a function that ends the listening
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { registerShutdownHandlers } from "@kysera/infra/signals";
 * import process from "node:process";
 *
 * const shutdown = { shutdown: async () => {} };
 * const unregister = registerShutdownHandlers(shutdown, {
 *   from: process, // or Deno
 *   signals: ["SIGTERM"],
 * });
 * unregister();
 * ```
 */
export function registerShutdownHandlers(
  target: ShutdownTarget,
  options: ShutdownHandlerOptions,
): () => void;
/**
 * Has signals close a database.
 *
 * @param db the database, or an executor
 * @param options see {@linkcode ShutdownHandlerOptions} and {@linkcode ShutdownOptions}
 * @returns a function that ends the listening
 */
export function registerShutdownHandlers(
  db: Kysely<any>,
  options: ShutdownHandlerOptions & ShutdownOptions,
): () => void;
export function registerShutdownHandlers(
  target: ShutdownTarget | Kysely<any>,
  options: ShutdownHandlerOptions & ShutdownOptions,
): () => void {
  const database = isKysely(target);
  if (!database && typeof target?.shutdown !== "function") {
    throw new BadRequestError(
      "Cannot listen to signals: the first argument has no shutdown(); " +
        "make it with createGracefulShutdown(db)",
    );
  }
  checkOptions("listen to signals", options, {
    from: either(
      withMethods("on", "off"),
      withMethods("addSignalListener", "removeSignalListener"),
    ),
    signals: names,
    exit: callable,
    logger: loggerCheck,
    ...database ? SHUTDOWN_CHECKS : {},
  });
  if (options.from === undefined) {
    throw new BadRequestError('Cannot listen to signals: give `process` or `Deno` as "from"');
  }
  const { from, signals = ["SIGTERM", "SIGINT"], exit, ...rest } = options;
  const shutDown = (): Promise<unknown> =>
    database ? gracefulShutdown(target, rest) : target.shutdown();
  const logger = safeLogger(options.logger);
  let begun = false;

  const listener = (): void => {
    if (begun) {
      exit?.(1);
      return;
    }
    begun = true;
    shutDown().then(() => end(0), (error) => {
      logger.error("Cannot shut down cleanly", error);
      end(1);
    });
  };
  const end = (code: number): void => {
    unregister();
    exit?.(code);
  };
  const unregister = (): void => {
    for (const signal of signals) {
      if ("off" in from) from.off(signal, listener);
      else from.removeSignalListener(signal, listener);
    }
  };
  for (const signal of signals) {
    if ("on" in from) from.on(signal, listener);
    else from.addSignalListener(signal, listener);
  }
  return unregister;
}
