import { assertKnownOptions } from "../assert_known_options.ts";
import type { Dialect } from "../dialect.ts";
import { readProperty } from "./_fields.ts";
import { ErrorCodes } from "./error_codes.ts";
import { parseDatabaseError } from "./parse_database_error.ts";

/** A problem as RFC 9457 describes it; it is JSON as it is. */
export interface ProblemDetails {
  /** What kind of problem it is: a URI, `about:blank` where the status says it all. */
  readonly type: string;
  /** A summary of the kind of problem. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What happened this time; only where names may be exposed. */
  readonly detail?: string;
  /** The URI of this occurrence. */
  readonly instance?: string;
  /** The code of the error, where it is the client's to know. */
  readonly code?: string;
  /** The table that the problem is about; only where names may be exposed. */
  readonly table?: string;
  /** The columns that the problem is about; only where names may be exposed. */
  readonly columns?: readonly string[];
  /** What is wrong with the input, issue by issue. */
  readonly errors?: readonly ProblemIssue[];
}

/** Something that is wrong with an input. */
export interface ProblemIssue {
  /** Where: a JSON pointer as the fragment of a URI. */
  readonly pointer: string;
  /** What is wrong, in the words of the schema; only where names may be exposed. */
  readonly detail?: string;
}

/** Options of {@linkcode toProblemDetails}. */
export interface ProblemOptions {
  /**
   * What a client is told. `"code"`: the kind of problem, and where an input is wrong. `"names"`: the
   * message of the error as well, and the table and the columns. Neither tells values of rows, and of
   * failures of the server nothing but the status is told. Default `"code"`.
   */
  readonly expose?: "code" | "names" | undefined;
  /** The URI that the codes of errors follow in `type`. Default: `type` is `about:blank`. */
  readonly types?: string | undefined;
  /** The URI of this occurrence, such as the id of the request. */
  readonly instance?: string | undefined;
  /** The database that errors of drivers come from. Default: as {@linkcode parseDatabaseError} tells. */
  readonly dialect?: Dialect | undefined;
}

const OPTIONS = ["expose", "types", "instance", "dialect"];

const PHRASES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  422: "Unprocessable Content",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

const STATUS: Readonly<Record<string, number>> = {
  VALIDATION_UNIQUE_VIOLATION: 409,
  VALIDATION_FOREIGN_KEY_VIOLATION: 409,
  VALIDATION_NOT_NULL_VIOLATION: 422,
  VALIDATION_CHECK_VIOLATION: 422,
  VALIDATION_INVALID_INPUT: 400,
  VALIDATION_REQUIRED_FIELD: 422,
  VALIDATION_INVALID_TYPE: 422,
  RESOURCE_NOT_FOUND: 404,
  RESOURCE_ALREADY_EXISTS: 409,
  RESOURCE_CONFLICT: 409,
  RESOURCE_BAD_REQUEST: 400,
  NO_ROW_IS_VISIBLE: 404,
  ALREADY_DELETED: 409,
  RESTRICTED: 409,
  CASCADE_REFUSED: 409,
  AUDIT_CONFLICT: 409,
  AUDIT_LOG_NOT_FOUND: 404,
  RLS_POLICY_VIOLATION: 403,
  QUERY_CHECK_VIOLATION: 403,
  QUERY_COLUMN_DENIED: 403,
  QUERY_DELETE_DENIED: 403,
  DB_CONNECTION_FAILED: 503,
  DB_POOL_EXHAUSTED: 503,
  DB_TIMEOUT: 503,
  DB_DEADLOCK: 503,
  DB_SERIALIZATION_FAILURE: 503,
  DB_LOCK_TIMEOUT: 503,
};

const TITLES: Readonly<Record<string, string>> = {
  VALIDATION_UNIQUE_VIOLATION: "The value is taken",
  VALIDATION_FOREIGN_KEY_VIOLATION: "Something that is referred to does not exist, or is in use",
  VALIDATION_NOT_NULL_VIOLATION: "A value is missing",
  VALIDATION_CHECK_VIOLATION: "A value is not allowed",
  VALIDATION_INVALID_INPUT: "A value is not valid",
  RESOURCE_NOT_FOUND: "There is no such resource",
  RESOURCE_CONFLICT: "The resource was changed, or its key is taken",
  RESOURCE_BAD_REQUEST: "The request makes no sense",
  RLS_POLICY_VIOLATION: "This is not allowed",
};

/**
 * Returns an error of any of the packages, or of a driver, as problem details (RFC 9457), for the body
 * of an HTTP response. No value of a row is in them. What is not an error of these, and every failure of
 * the server or of the database itself, has status 500 or 503 and tells nothing more.
 *
 * @param error what was thrown
 * @param options see {@linkcode ProblemOptions}
 * @returns the problem
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { toProblemDetails, UniqueConstraintError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new UniqueConstraintError("users_email_key", "users", ["email"]);
 * assert.deepEqual(toProblemDetails(error), {
 *   type: "about:blank",
 *   title: "Conflict",
 *   status: 409,
 *   code: "VALIDATION_UNIQUE_VIOLATION",
 * });
 * assert.deepEqual(toProblemDetails(error, { expose: "names" }).columns, ["email"]);
 * assert.equal(toProblemDetails(new TypeError("x is undefined")).status, 500);
 * ```
 */
export function toProblemDetails(error: unknown, options: ProblemOptions = {}): ProblemDetails {
  assertKnownOptions(options, OPTIONS, { action: "make problem details" });
  const { expose = "code", types, instance } = options;
  const known = codeOf(error) === undefined ? parseDatabaseError(error, options.dialect) : error;
  const code = codeOf(known) ?? "DB_UNKNOWN";
  const issues = issuesOf(known);
  const status = issues === undefined ? STATUS[code] ?? 500 : 422;
  const isClients = status < 500;
  const type = isClients && types !== undefined ? `${types}${code}` : "about:blank";
  const hasNames = isClients && expose === "names";
  const phrase = PHRASES[status]!;
  const table = readProperty(known, "table");
  const columns = readProperty(known, "columns");
  const message = readProperty(known, "message");
  return {
    type,
    title: type === "about:blank" ? phrase : TITLES[code] ?? phrase,
    status,
    ...hasNames && typeof message === "string" ? { detail: message } : {},
    ...instance === undefined ? {} : { instance },
    ...isClients ? { code } : {},
    ...hasNames && typeof table === "string" ? { table } : {},
    ...hasNames && Array.isArray(columns) && columns.length > 0 ? { columns: [...columns] } : {},
    ...issues === undefined ? {} : {
      errors: issues.map(({ path, message }) => ({
        pointer: pointerOf(path),
        ...hasNames ? { detail: message } : {},
      })),
    },
  };
}

/**
 * Returns the HTTP response for an error: its problem details as `application/problem+json`, with
 * `Retry-After` where the same request may succeed later.
 *
 * @param error what was thrown
 * @param options see {@linkcode ProblemOptions}
 * @returns the response
 *
 * @example
 * ```ts
 * import { NotFoundError, toProblemResponse } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const response = toProblemResponse(new NotFoundError("users", { id: 7 }));
 * assert.equal(response.status, 404);
 * assert.equal(response.headers.get("content-type"), "application/problem+json");
 * assert.equal((await response.json()).title, "Not Found");
 * ```
 */
export function toProblemResponse(error: unknown, options: ProblemOptions = {}): Response {
  const problem = toProblemDetails(error, options);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      ...problem.status === 503 ? { "retry-after": "1" } : {},
    },
  });
}

/** The code of an error of any package, another copy of one included. */
function codeOf(error: unknown): string | undefined {
  const code = readProperty(error, "code");
  return typeof code === "string" && Object.hasOwn(ErrorCodes, code) ? code : undefined;
}

interface Issue {
  readonly path: readonly unknown[];
  readonly message: string;
}

function issuesOf(error: unknown): readonly Issue[] | undefined {
  const issues = readProperty(error, "issues");
  if (codeOf(error) !== "VALIDATION_INVALID_INPUT" || !Array.isArray(issues)) return undefined;
  return issues.map((issue) => {
    const path = readProperty(issue, "path");
    return {
      path: Array.isArray(path) ? path : [],
      message: String(readProperty(issue, "message")),
    };
  });
}

/** @see https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function pointerOf(path: readonly unknown[]): string {
  return `#${
    path.map((key) =>
      `/${encodeURIComponent(String(key).replaceAll("~", "~0").replaceAll("/", "~1"))}`
    ).join("")
  }`;
}
