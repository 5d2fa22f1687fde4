import {
  BadRequestError,
  findDatabaseError,
  NotFoundError,
  UniqueConstraintError,
} from "@kysera/core";
import { QueryRefusedError } from "@kysera/executor";
import { TenantUnavailableError, UnknownTenantError } from "@kysera/infra/tenants";
import { RLSPolicyViolation } from "@kysera/rls";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A refusal that the client is told: `{ error: { code, message } }`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** 401: who the caller is could not be established. */
export const unauthorized = (message: string): ApiError =>
  new ApiError(401, "unauthorized", message);

/** 403: the caller sees the thing, and may not do this to it. */
export const forbidden = (): ApiError =>
  new ApiError(403, "forbidden", "Your role does not allow it");

/** 404: it does not exist, or is somebody else's: nobody can tell which. */
export const notFound = (): ApiError => new ApiError(404, "not_found", "There is no such thing");

/** 422: the values are not acceptable. */
export const invalid = (message: string): ApiError => new ApiError(422, "invalid", message);

/**
 * Returns a row, or says that there is none.
 *
 * @throws {ApiError} 404 if it is undefined
 */
export function mustExist<T>(row: T | undefined): T {
  if (row === undefined) throw notFound();
  return row;
}

/** Turns whatever was thrown into what the client is told. Only an {@linkcode ApiError} has details. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RLSPolicyViolation) return forbidden();
  // A column that the caller may not write.
  if (error instanceof QueryRefusedError && error.reason === "COLUMN_DENIED") return forbidden();
  if (error instanceof NotFoundError) return notFound();
  if (error instanceof UnknownTenantError) return unauthorized("The session is of no organisation");
  if (error instanceof TenantUnavailableError) {
    return new ApiError(503, "unavailable", "The organisation is not available now", {
      "retry-after": "5",
    });
  }
  if (error instanceof BadRequestError) return invalid("The request cannot be understood");
  if (error instanceof HTTPException) {
    return new ApiError(error.status, "request", error.message || "The request failed");
  }
  if (findDatabaseError(error) instanceof UniqueConstraintError) {
    return new ApiError(409, "conflict", "There is one already");
  }
  // The stack of an error of the database holds no values of rows; its cause may.
  console.error(error instanceof Error ? error.stack : "Something that is not an error was thrown");
  return new ApiError(500, "failed", "The server failed");
}

/** Turns whatever was thrown into a response. */
export function respondToError(error: unknown, c: Context): Response {
  const { status, code, message, headers } = toApiError(error);
  return c.json({ error: { code, message } }, status, headers);
}
