import type { Dialect } from "../dialect.ts";
import { type Classified, errorOf } from "./_classified.ts";
import { classifyClient } from "./_classify_client.ts";
import { classifyMssql } from "./_classify_mssql.ts";
import { classifyMysql } from "./_classify_mysql.ts";
import { classifyPostgres } from "./_classify_postgres.ts";
import { classifySqlite } from "./_classify_sqlite.ts";
import { type Fields, fieldsOf, readProperty } from "./_fields.ts";
import { DatabaseError } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

type Classify = (fields: Fields, isTold: boolean) => Classified | undefined;

/**
 * In the order in which they are tried where the dialect is not told: SQLite before MySQL, because
 * `bun:sqlite` has its result code as `errno`.
 */
const classifiers: ReadonlyMap<unknown, Classify> = new Map([
  ["postgres", classifyPostgres],
  ["sqlite", classifySqlite],
  ["mysql", classifyMysql],
  ["mssql", classifyMssql],
]);

/** How many wrapped errors are looked into. */
const maxErrors = 100;

/**
 * Turns whatever a driver threw into a {@linkcode DatabaseError}, the same for all drivers of a
 * database. Failures are told apart by SQLSTATE, error number, result code or the driver's own
 * code, and by a message only where a driver gives nothing else. Wrapped errors (`cause`, the
 * errors of an `AggregateError`) are looked into. It never throws.
 *
 * @param error What was thrown. A {@linkcode DatabaseError} is returned as it is.
 * @param dialect The database that it came from. Without it the codes of every database are tried,
 * which do not look alike.
 * @returns An error whose `cause` is `error`. One that nothing is known about has the code
 * `DB_UNKNOWN`: it may be no error of a database at all. {@linkcode findDatabaseError} returns
 * `undefined` for those.
 *
 * @example
 * ```ts
 * import { parseDatabaseError, UniqueConstraintError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * // What `pg` throws
 * const thrown = Object.assign(new Error("duplicate key value violates .."), {
 *   code: "23505",
 *   table: "users",
 *   constraint: "users_email_key",
 *   detail: "Key (email)=(alice@example.org) already exists.",
 * });
 *
 * const error = parseDatabaseError(thrown, "postgres");
 * assert.ok(error instanceof UniqueConstraintError);
 * assert.equal(error.constraint, "users_email_key");
 * assert.deepEqual(error.columns, ["email"]);
 * assert.equal(error.cause, thrown);
 * ```
 */
export function parseDatabaseError(error: unknown, dialect?: Dialect): DatabaseError {
  return findDatabaseError(error, dialect) ?? new DatabaseError(
    "Cannot complete the database operation: the reason is not known",
    "DB_UNKNOWN" satisfies ErrorCode,
    undefined,
    { cause: error },
  );
}

/**
 * Returns what a database or its driver says with an error, as {@linkcode parseDatabaseError} does,
 * and `undefined` for any other error: a `TypeError`, an error of the application, a refusal of a
 * plugin. It never throws.
 *
 * @param error What was thrown. A {@linkcode DatabaseError} is returned as it is.
 * @param dialect The database that it came from. Without it the codes of every database are tried.
 * @returns The error of the database, whose `cause` is `error`; `undefined` if it is none.
 *
 * @example
 * ```ts
 * import { findDatabaseError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
 * assert.equal(findDatabaseError(refused)?.code, "DB_CONNECTION_FAILED");
 * assert.equal(findDatabaseError(new TypeError("x is undefined")), undefined);
 * ```
 */
export function findDatabaseError(error: unknown, dialect?: Dialect): DatabaseError | undefined {
  const known = dialect === undefined ? [...classifiers.values()] : [classifiers.get(dialect)];
  for (const candidate of unwrap(error)) {
    if (isDatabaseError(candidate)) return candidate;
    const fields = fieldsOf(candidate);
    let classified = classifyClient(fields);
    for (const classify of known) classified ??= classify?.(fields, dialect !== undefined);
    if (classified !== undefined) return errorOf(classified, error);
  }
  return undefined;
}

/** An error and what it wraps, the nearest first, each once. */
function* unwrap(error: unknown): Generator<unknown> {
  const queue: unknown[] = [error];
  const seen = new Set<unknown>();
  for (const candidate of queue) {
    if (seen.has(candidate) || seen.size === maxErrors) continue;
    seen.add(candidate);
    yield candidate;
    if (isRefusal(candidate)) continue;
    const cause = readProperty(candidate, "cause");
    if (typeof cause === "object" && cause !== null) queue.push(cause);
    queue.push(...innerErrors(candidate));
  }
}

/**
 * Returns true for a query that a plugin refuses. The database may have been what told it (a check
 * that the statement made), but the answer is the plugin's.
 */
function isRefusal(error: unknown): boolean {
  const code = readProperty(error, "code");
  return typeof code === "string" &&
    (code.startsWith("QUERY_") || code === "RLS_POLICY_VIOLATION");
}

/** The errors of an `AggregateError`. */
function innerErrors(error: unknown): unknown[] {
  try {
    const errors = readProperty(error, "errors");
    return Array.isArray(errors) ? errors.slice(0, maxErrors) : [];
  } catch {
    return [];
  }
}

/** `instanceof`, for values that may be hostile proxies. */
function isDatabaseError(value: unknown): value is DatabaseError {
  try {
    return value instanceof DatabaseError;
  } catch {
    return false;
  }
}
