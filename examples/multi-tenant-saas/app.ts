import { createHealthHandlers, type HealthMonitor } from "@kysera/infra";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { accountRoutes } from "./features/accounts/route.ts";
import { authenticate, type Env } from "./features/accounts/session.ts";
import { auditRoutes } from "./features/audit/route.ts";
import { documentRoutes } from "./features/documents/route.ts";
import { acceptanceRoutes, invitationRoutes } from "./features/invitations/route.ts";
import { memberRoutes } from "./features/members/route.ts";
import { pageRoutes } from "./features/page/route.ts";
import { projectRoutes } from "./features/projects/route.ts";
import { impersonationRoutes, supportRoutes } from "./features/support/route.ts";
import { usageRoutes } from "./features/usage/route.ts";
import { ApiError, notFound, respondToError } from "./platform/errors.ts";
import { limitRequests } from "./platform/rate_limits.ts";
import type { Saas } from "./platform/saas.ts";
import { traceRequests } from "./platform/telemetry.ts";

const MAX_BODY_BYTES = 256 * 1024;

/**
 * The whole application: a function from requests to responses, on every runtime.
 *
 * @param saas the data
 * @param monitor looks after the database
 * @param shutdown says when the program is about to end: readiness then says no
 */
export function createApp(
  saas: Saas,
  monitor: HealthMonitor,
  shutdown: { readonly isShuttingDown: boolean } = { isShuttingDown: false },
): Hono<Env> {
  const app = new Hono<Env>();
  app.onError(respondToError);
  app.notFound((c) => respondToError(notFound(), c));

  const { livez, readyz, healthz } = createHealthHandlers(monitor, { shutdown });
  app.get("/livez", () => livez());
  app.get("/readyz", () => readyz());
  app.get("/healthz", () => healthz());

  app.use(traceRequests());
  app.use(secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'self'"], imgSrc: ["'self'", "data:"] },
  }));
  app.use(bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) => respondToError(new ApiError(413, "too_large", "The body is too large"), c),
  }));

  const api = new Hono<Env>();
  api.route("/", accountRoutes(saas));
  api.route("/", acceptanceRoutes(saas));
  api.route("/", supportRoutes(saas));
  // What follows is for members.
  api.use(authenticate(saas));
  api.use(limitRequests(saas.config));
  api.route("/", memberRoutes(saas));
  api.route("/", invitationRoutes());
  api.route("/", projectRoutes(saas));
  api.route("/", documentRoutes(saas));
  api.route("/", usageRoutes(saas));
  api.route("/", auditRoutes());
  api.route("/", impersonationRoutes());
  app.route("/api", api);
  app.route("/", pageRoutes());
  return app;
}
