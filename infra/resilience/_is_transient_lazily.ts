import { type Dialect, findDatabaseErrorAsync } from "@kysera/core";

/**
 * Codes of the commonest failures that pass, and the database whose drivers give them; `undefined` for
 * those of connections. The others are in the tables of `@kysera/core`.
 */
const COMMON: ReadonlyMap<unknown, Dialect | undefined> = new Map([
  ["40001", "postgres"],
  ["40P01", "postgres"],
  ["55P03", "postgres"],
  ["ER_LOCK_DEADLOCK", "mysql"],
  ["ER_LOCK_WAIT_TIMEOUT", "mysql"],
  ["SQLITE_BUSY", "sqlite"],
  ["ECONNREFUSED", undefined],
  ["ECONNRESET", undefined],
]);

/**
 * What `isTransientError()` returns: at once for the commonest codes, and for any other error when the
 * tables of codes have been loaded.
 */
export function isTransientLazily(error: unknown, dialect?: Dialect): boolean | Promise<boolean> {
  return isCommon(error, dialect) ||
    findDatabaseErrorAsync(error, dialect).then((known) =>
      known !== undefined && known.code !== "DB_UNKNOWN" && known.retryable
    );
}

function isCommon(error: unknown, dialect: Dialect | undefined): boolean {
  try {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    if (!COMMON.has(code) || name === "AbortError" || name === "TimeoutError") return false;
    const of = COMMON.get(code);
    return of === undefined || dialect === undefined || dialect === of;
  } catch {
    // Whatever was thrown cannot be read.
    return false;
  }
}
