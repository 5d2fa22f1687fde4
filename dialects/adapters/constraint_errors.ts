import {
  ForeignKeyConstraintError,
  NotNullError,
  parseDatabaseError,
  UniqueConstraintError,
} from "@kysera/core";
import type { DatabaseDialect } from "../database_dialect.ts";

/**
 * Returns whether an error says that a value must be unique, whichever driver threw it.
 *
 * @param error What was thrown.
 * @param dialect The database it came from.
 * @returns Whether it says so.
 *
 * @example
 * ```ts
 * import { isUniqueConstraintError } from "@kysera/dialects";
 *
 * const error = Object.assign(new Error("duplicate key value"), { code: "23505" });
 * if (!isUniqueConstraintError(error, "postgres")) throw new Error("unexpected");
 * ```
 */
export function isUniqueConstraintError(error: unknown, dialect: DatabaseDialect): boolean {
  return parseDatabaseError(error, dialect) instanceof UniqueConstraintError;
}

/**
 * Returns whether an error says that a foreign key would be broken, whichever driver threw it.
 *
 * @param error What was thrown.
 * @param dialect The database it came from.
 * @returns Whether it says so.
 *
 * @example
 * ```ts
 * import { isForeignKeyError } from "@kysera/dialects";
 *
 * const error = Object.assign(new Error("a child row"), { errno: 1452, sqlState: "23000" });
 * if (!isForeignKeyError(error, "mysql")) throw new Error("unexpected");
 * ```
 */
export function isForeignKeyError(error: unknown, dialect: DatabaseDialect): boolean {
  return parseDatabaseError(error, dialect) instanceof ForeignKeyConstraintError;
}

/**
 * Returns whether an error says that a column must have a value, whichever driver threw it.
 *
 * @param error What was thrown.
 * @param dialect The database it came from.
 * @returns Whether it says so.
 *
 * @example
 * ```ts
 * import { isNotNullError } from "@kysera/dialects";
 *
 * const error = Object.assign(new Error("null value"), { code: "23502" });
 * if (!isNotNullError(error, "postgres")) throw new Error("unexpected");
 * ```
 */
export function isNotNullError(error: unknown, dialect: DatabaseDialect): boolean {
  return parseDatabaseError(error, dialect) instanceof NotNullError;
}
