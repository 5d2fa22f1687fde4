import { BadRequestError } from "@kysera/core";
import { checkOptions, clock as clockCheck, flag, ms, withMethods } from "../_options.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import type { HealthCheckResult } from "./health_check_result.ts";
import type { HealthMonitor } from "./health_monitor.ts";

/** Options of {@linkcode createHealthHandlers}. */
export interface HealthHandlerOptions {
  /** A shutdown: from its beginning readiness says no. */
  readonly shutdown?: { readonly isShuttingDown: boolean } | undefined;
  /** How old what the monitor found last may be to be told again, in ms. Default 5,000. */
  readonly maxAge?: number | undefined;
  /** Whether `/healthz` tells more than the status. Default true. */
  readonly details?: boolean | undefined;
  /** Where the time comes from: the monitor's. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/** Handlers of requests. None of them looks at `this`. */
export interface HealthHandlers {
  /** `/livez`: the program runs. It does not ask the database, whose failure no restart mends. */
  readonly livez: () => Response;
  /** `/readyz`: whether requests should be sent here. */
  readonly readyz: () => Promise<Response>;
  /** `/healthz`: how the database does, as JSON. */
  readonly healthz: () => Promise<Response>;
  /** Answers a request for one of the three paths; 404 for another. */
  readonly fetch: (request: Request) => Promise<Response>;
}

/**
 * Handlers for `/livez`, `/readyz` and `/healthz`, for whatever takes a function from `Request` to
 * `Response`: `Deno.serve(handlers.fetch)`, `Bun.serve({ fetch: handlers.fetch })`, or Hono's
 * `app.get("/readyz", handlers.readyz)`.
 *
 * | path       | 200                                                 | 503                              |
 * | ---------- | --------------------------------------------------- | -------------------------------- |
 * | `/livez`   | always                                              |                                  |
 * | `/readyz`  | the database is healthy or degraded                 | it is not, or a shutdown has begun |
 * | `/healthz` | the same, with what was found                       | the same                         |
 *
 * @param monitor what asks the database; many requests cause one check
 * @param options see {@linkcode HealthHandlerOptions}
 * @returns the handlers
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createHealthHandlers, HealthMonitor } from "@kysera/infra";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const handlers = createHealthHandlers(new HealthMonitor(db));
 * const response = await handlers.fetch(new Request("http://localhost/readyz"));
 * assert.equal(response.status, 200);
 * await db.destroy();
 * ```
 */
export function createHealthHandlers(
  monitor: HealthMonitor,
  options: HealthHandlerOptions = {},
): HealthHandlers {
  if (withMethods("checkNow", "getLastCheck")(monitor) !== undefined) {
    throw new BadRequestError(
      "Cannot answer health checks: the first argument is not a HealthMonitor",
    );
  }
  checkOptions("answer health checks", options, {
    shutdown: (value) =>
      typeof (value as HealthHandlerOptions["shutdown"])?.isShuttingDown === "boolean"
        ? undefined
        : "give what createGracefulShutdown(db) makes",
    maxAge: ms,
    details: flag,
    clock: clockCheck,
  });
  const { shutdown, maxAge = 5_000, details = true, clock = systemClock } = options;

  const latest = async (): Promise<HealthCheckResult> => {
    const last = monitor.getLastCheck();
    const fresh = last !== undefined && clock.time() - last.timestamp.getTime() < maxAge;
    return fresh ? last : await monitor.checkNow();
  };
  const livez = (): Response => answer(200, { status: "alive" });
  const readyz = async (): Promise<Response> => {
    if (shutdown?.isShuttingDown === true) return answer(503, { status: "shutting down" });
    const { status } = await latest();
    return answer(status === "unhealthy" ? 503 : 200, { status });
  };
  const healthz = async (): Promise<Response> => {
    if (shutdown?.isShuttingDown === true) return answer(503, { status: "shutting down" });
    const result = await latest();
    const { status } = result;
    return answer(status === "unhealthy" ? 503 : 200, details ? result : { status });
  };
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const handler = { "/livez": livez, "/readyz": readyz, "/healthz": healthz }[pathname];
    if (handler === undefined) return answer(404, { status: "not found" });
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(405, { status: "method not allowed" }, { allow: "GET, HEAD" });
    }
    const response = await handler();
    return request.method === "GET" ? response : new Response(null, response);
  };
  return { livez, readyz, healthz, fetch };
}

function answer(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
  });
}
