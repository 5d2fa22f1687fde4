import { Hono } from "hono";
import { findArticle, getArticle } from "../articles/queries.ts";
import { presentArticle } from "../articles/present.ts";
import { type Env, signedIn } from "../users/sessions.ts";
import { favorite, unfavorite } from "./queries.ts";

/** `/articles/:slug/favorite` */
export function favoriteRoutes(): Hono<Env> {
  return new Hono<Env>()
    .post("/articles/:slug/favorite", signedIn, async (c) => {
      const store = c.get("store");
      const { id } = await findArticle(store, c.req.param("slug"));
      await favorite(store, id);
      return c.json({ article: presentArticle(await getArticle(store, id)) });
    })
    .delete("/articles/:slug/favorite", signedIn, async (c) => {
      const store = c.get("store");
      const { id } = await findArticle(store, c.req.param("slug"));
      await unfavorite(store, id);
      return c.json({ article: presentArticle(await getArticle(store, id)) });
    });
}
