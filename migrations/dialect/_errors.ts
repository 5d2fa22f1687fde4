import type { Dialect } from "@kysera/core";
import { parseDatabaseError } from "@kysera/core";

/** Returns a field of an error, or of what it wraps. */
export function fieldOf(error: unknown, name: string): unknown {
  let current: unknown = error;
  for (let depth = 0; depth < 10; depth++) {
    if (typeof current !== "object" || current === null) return undefined;
    const value = (current as Record<string, unknown>)[name];
    if (value !== undefined) return value;
    current = (current as { cause?: unknown }).cause;
  }
  return undefined;
}

/** Whether an error says that a lock was not granted in time, or that two transactions collided. */
export function isBusyError(error: unknown, dialect: Dialect): boolean {
  const { code } = parseDatabaseError(error, dialect);
  return code === "DB_LOCK_TIMEOUT" || code === "DB_DEADLOCK" ||
    code === "DB_SERIALIZATION_FAILURE";
}
