import type { KyseraLogger } from "./kysera_logger.ts";

/**
 * Writes to the console.
 *
 * @example
 * ```ts
 * import { consoleLogger } from "@kysera/core";
 *
 * consoleLogger.info("Ready", { port: 3000 });
 * ```
 */
export const consoleLogger: Required<KyseraLogger> = Object.freeze({
  // Not console.trace, which prints a stack
  trace: (message: string, ...details: unknown[]): void => console.debug(message, ...details),
  debug: (message: string, ...details: unknown[]): void => console.debug(message, ...details),
  info: (message: string, ...details: unknown[]): void => console.info(message, ...details),
  warn: (message: string, ...details: unknown[]): void => console.warn(message, ...details),
  error: (message: string, ...details: unknown[]): void => console.error(message, ...details),
  fatal: (message: string, ...details: unknown[]): void => console.error(message, ...details),
});
