import { findDatabaseError, NotFoundError, UniqueConstraintError } from "@kysera/core";
import { isTransientError } from "@kysera/infra";
import { RLSPolicyViolation } from "@kysera/rls";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** What is wrong, by the field or resource that it is about. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** A refusal that the client is told: `{ errors: { field: [..] } }`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: ContentfulStatusCode;
  readonly errors: FieldErrors;

  constructor(status: ContentfulStatusCode, errors: FieldErrors) {
    super(`Cannot handle the request: ${Object.keys(errors).join(", ")}`);
    this.status = status;
    this.errors = errors;
  }
}

/** 401: who the caller is could not be established. */
export function unauthorized(
  field: "token" | "credentials" | "signature",
  problem: string,
): ApiError {
  return new ApiError(401, { [field]: [problem] });
}

/** 403: the caller may see the resource, and may not do this to it. */
export function forbidden(resource: string): ApiError {
  return new ApiError(403, { [resource]: ["forbidden"] });
}

/** 404: the resource does not exist, or the caller may not see it. */
export function notFound(resource: string): ApiError {
  return new ApiError(404, { [resource]: ["not found"] });
}

/** 409: the request was right when it was made, and something has changed since. */
export function conflict(field: string, problem: string): ApiError {
  return new ApiError(409, { [field]: [problem] });
}

/** 422: the request is understood, and its values are not acceptable. */
export function invalid(errors: FieldErrors): ApiError {
  return new ApiError(422, errors);
}

/**
 * Runs a write, and reports a unique key that it violates as 409.
 *
 * @param fields column to field of the API, for each column with a unique key
 * @param write the write
 */
export async function uniqueOr409<T>(
  fields: Readonly<Record<string, string>>,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const failure = findDatabaseError(error);
    if (!(failure instanceof UniqueConstraintError)) throw error;
    // SQLite tells the columns, MariaDB the name of the key, PostgreSQL both.
    const column = Object.keys(fields).find((name) =>
      failure.columns?.includes(name) || failure.constraint?.includes(name)
    );
    throw column === undefined ? error : conflict(fields[column]!, "has already been taken");
  }
}

/** Turns whatever was thrown into what the client is told. Only an {@linkcode ApiError} has details. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RLSPolicyViolation) return forbidden(error.table ?? "resource");
  // Somebody else has deleted the row while the request was under way.
  if (error instanceof NotFoundError) return notFound("resource");
  if (error instanceof HTTPException) {
    return new ApiError(error.status, { request: [error.message || "failed"] });
  }
  // Others were in the way for too long, or the database is away: the same request may succeed later.
  if (isTransientError(error)) return new ApiError(503, { server: ["is busy, try again"] });
  // The stack of an error of the database holds no values of rows; its cause may.
  console.error(error instanceof Error ? error.stack : "Something that is not an error was thrown");
  return new ApiError(500, { server: ["failed"] });
}

/** Turns whatever was thrown into a response of the API. */
export function respondToError(error: unknown, c: Context): Response {
  const { status, errors } = toApiError(error);
  return c.json({ errors }, status);
}
