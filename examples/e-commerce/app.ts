import { createHealthHandlers, type HealthMonitor } from "@kysera/infra";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cartRoutes } from "./features/cart/route.ts";
import { catalogueRoutes } from "./features/catalogue/route.ts";
import { orderRoutes } from "./features/orders/route.ts";
import { pageRoutes } from "./features/pages/route.ts";
import { paymentRoutes } from "./features/payments/route.ts";
import { reportRoutes } from "./features/reports/route.ts";
import { stockRoutes } from "./features/stock/route.ts";
import { userRoutes } from "./features/users/route.ts";
import { authenticate, type Env } from "./features/users/sessions.ts";
import type { Config } from "./platform/config.ts";
import { invalid, notFound, respondToError } from "./platform/errors.ts";
import type { Shop } from "./platform/shop.ts";

const MAX_BODY_BYTES = 64 * 1024;

/** What the application needs beside its data. */
export interface AppOptions {
  readonly config: Pick<Config, "jwtSecret" | "scrypt" | "checkout" | "webhookSecret">;
  /** Tells the worker that there are messages. */
  readonly wake: () => void;
  /** Tells whether the database is well; without it there are no `/livez` and `/readyz`. */
  readonly health?: HealthMonitor;
}

/** The whole application: a function from requests to responses, on every runtime. */
export function createApp(shop: Shop, { config, wake, health }: AppOptions): Hono<Env> {
  const app = new Hono<Env>();
  app.onError(respondToError);
  app.notFound((c) => respondToError(notFound("route"), c));
  app.use(bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) => respondToError(invalid({ request: ["is too large"] }), c),
  }));
  if (health !== undefined) {
    const probes = createHealthHandlers(health);
    app.get("/livez", () => probes.livez());
    app.get("/readyz", () => probes.readyz());
  }

  const api = new Hono<Env>();
  // Signed by the provider, not by a user.
  api.route("/", paymentRoutes(shop, config, wake));
  api.use(authenticate(shop, config.jwtSecret));
  api.route("/", userRoutes(shop, config));
  api.route("/", catalogueRoutes());
  api.route("/", stockRoutes());
  api.route("/", cartRoutes());
  api.route("/", orderRoutes(shop, config, wake));
  api.route("/", reportRoutes());
  api.all("*", () => {
    throw notFound("route");
  });
  app.route("/api", api);
  app.route("/", pageRoutes(shop, config, wake));
  return app;
}
