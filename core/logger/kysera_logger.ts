/** Writes one line of a log. */
export type LogMethod = (message: string, ...details: unknown[]) => void;

/**
 * Where the packages write their logs. `console` is one, and so are the loggers of pino, winston
 * and their like with a line of adaptation.
 *
 * @example
 * ```ts
 * import type { KyseraLogger } from "@kysera/core";
 *
 * export const toStandardError: KyseraLogger = {
 *   debug: () => {},
 *   info: (message) => console.error(message),
 *   warn: (message) => console.error(message),
 *   error: (message, ...details) => console.error(message, ...details),
 * };
 * ```
 */
export interface KyseraLogger {
  /** The finest steps; `debug` is used where it is missing. */
  readonly trace?: LogMethod;
  /** What a developer wants to see. */
  readonly debug: LogMethod;
  /** What an operator wants to see. */
  readonly info: LogMethod;
  /** What should be looked at. */
  readonly warn: LogMethod;
  /** What failed. */
  readonly error: LogMethod;
  /** What ends the program; `error` is used where it is missing. */
  readonly fatal?: LogMethod;
}
