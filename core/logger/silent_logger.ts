import type { KyseraLogger } from "./kysera_logger.ts";

const nothing = (): void => {};

/**
 * A logger that writes nothing.
 *
 * @example
 * ```ts
 * import { silentLogger } from "@kysera/core";
 *
 * silentLogger.error("Nobody sees this");
 * ```
 */
export const silentLogger: Required<KyseraLogger> = Object.freeze({
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
});
