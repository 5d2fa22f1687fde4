import type { KyseraLogger } from "@kysera/core";

/** What this package logs by. */
export type SafeLogger = Pick<KyseraLogger, "info" | "warn" | "error">;

/** A logger that cannot fail: nothing of what it tells of may be left undone because of it. */
export function safeLogger(logger: KyseraLogger | undefined): SafeLogger {
  const method = (name: keyof SafeLogger) => (message: string, ...details: unknown[]): void => {
    try {
      logger?.[name](message, ...details);
    } catch {
      // There is nobody else to tell.
    }
  };
  return { info: method("info"), warn: method("warn"), error: method("error") };
}
