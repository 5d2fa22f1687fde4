import { consoleLogger } from "./console_logger.ts";
import type { KyseraLogger, LogMethod } from "./kysera_logger.ts";

/** How important a message must be to be written; `silent` lets none through. */
export type LogLevel = keyof KyseraLogger | "silent";

const levels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/**
 * Creates a logger that leaves out what is less important than a level.
 *
 * @param level The lowest level that is written.
 * @param base Where to write.
 * @returns The logger.
 * @throws {TypeError} If `level` is not a level.
 *
 * @example
 * ```ts
 * import { createLevelLogger, silentLogger } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * const write = (message: string) => void lines.push(message);
 * const logger = createLevelLogger("warn", { ...silentLogger, info: write, warn: write });
 *
 * logger.info("Ready");
 * logger.warn("Slow");
 * assert.deepEqual(lines, ["Slow"]);
 * ```
 */
export function createLevelLogger(
  level: LogLevel,
  base: KyseraLogger = consoleLogger,
): Required<KyseraLogger> {
  const lowest = levels.indexOf(level);
  if (lowest < 0) {
    throw new TypeError(
      `Cannot create logger: level "${String(level)}" is none of ${levels.join(", ")}`,
    );
  }
  const method = (own: keyof KyseraLogger, instead: "debug" | "error"): LogMethod => {
    if (levels.indexOf(own) < lowest) return () => {};
    return (message, ...details) => {
      const name = base[own] === undefined ? instead : own;
      base[name]?.(message, ...details);
    };
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
