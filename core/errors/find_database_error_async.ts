import type { Dialect } from "../dialect.ts";
import type { DatabaseError } from "./database_error.ts";

/**
 * Does what {@linkcode findDatabaseError} does, with the codes of the databases loaded when they are
 * first asked about: a program that seldom looks at an error of a database need not load them before.
 *
 * @param error What was thrown. A {@linkcode DatabaseError} is returned as it is.
 * @param dialect The database that it came from. Without it the codes of every database are tried.
 * @returns The error of the database, whose `cause` is `error`; `undefined` if it is none, or if the
 * codes cannot be loaded. It never rejects.
 *
 * @example
 * ```ts
 * import { findDatabaseErrorAsync } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
 * assert.equal((await findDatabaseErrorAsync(refused))?.code, "DB_CONNECTION_FAILED");
 * assert.equal(await findDatabaseErrorAsync(new TypeError("x is undefined")), undefined);
 * ```
 */
export async function findDatabaseErrorAsync(
  error: unknown,
  dialect?: Dialect,
): Promise<DatabaseError | undefined> {
  try {
    const { findDatabaseError } = await import("./parse_database_error.ts");
    return findDatabaseError(error, dialect);
  } catch {
    // Whoever asks has an error to throw already, which says more than one of a file.
    return undefined;
  }
}
