import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { articleRoutes } from "./features/articles/route.ts";
import { commentRoutes } from "./features/comments/route.ts";
import { favoriteRoutes } from "./features/favorites/route.ts";
import { feedRoutes } from "./features/feed/route.ts";
import { pageRoutes } from "./features/pages/route.ts";
import { profileRoutes } from "./features/profiles/route.ts";
import { tagRoutes } from "./features/tags/route.ts";
import { userRoutes } from "./features/users/route.ts";
import { authenticate, type Env } from "./features/users/sessions.ts";
import type { Blog } from "./platform/blog.ts";
import type { Config } from "./platform/config.ts";
import { invalid, notFound, respondToError } from "./platform/errors.ts";

const MAX_BODY_BYTES = 1024 * 1024;

/** The whole application: a function from requests to responses, on every runtime. */
export function createApp(
  blog: Blog,
  config: Pick<Config, "jwtSecret" | "scrypt">,
): Hono<Env> {
  const app = new Hono<Env>();
  app.onError(respondToError);
  app.notFound((c) => respondToError(notFound("route"), c));
  app.use(bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) => respondToError(invalid({ request: ["is too large"] }), c),
  }));

  const api = new Hono<Env>();
  api.use(cors());
  api.use(authenticate(blog, config.jwtSecret));
  api.route("/", userRoutes(blog, config));
  api.route("/", profileRoutes());
  // Before the articles: "feed" is not a slug.
  api.route("/", feedRoutes());
  api.route("/", articleRoutes());
  api.route("/", favoriteRoutes());
  api.route("/", commentRoutes());
  api.route("/", tagRoutes());
  api.all("*", () => {
    throw notFound("route");
  });
  app.route("/api", api);
  app.route("/", pageRoutes(blog, config));
  return app;
}
