import { consoleLogger } from "./console_logger.ts";
import type { KyseraLogger, LogMethod } from "./kysera_logger.ts";

/**
 * Creates a logger that puts `[prefix]` before each message.
 *
 * @param prefix What to put into the brackets.
 * @param base Where to write.
 * @returns The logger.
 *
 * @example
 * ```ts
 * import { createPrefixedLogger, silentLogger } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * const base = { ...silentLogger, info: (message: string) => void lines.push(message) };
 *
 * createPrefixedLogger("audit", base).info("Ready");
 * assert.deepEqual(lines, ["[audit] Ready"]);
 * ```
 */
export function createPrefixedLogger(
  prefix: string,
  base: KyseraLogger = consoleLogger,
): Required<KyseraLogger> {
  const method = (level: keyof KyseraLogger, instead: "debug" | "error"): LogMethod =>
  // Looked up on each call, with the base as `this`: a logger may be a class, and may change
  (message, ...details) => {
    const name = base[level] === undefined ? instead : level;
    base[name]?.(`[${prefix}] ${message}`, ...details);
  };
  return {
    trace: method("trace", "debug"),
    debug: method("debug", "debug"),
    info: method("info", "debug"),
    warn: method("warn", "error"),
    error: method("error", "error"),
    fatal: method("fatal", "error"),
  };
}
