import { Hono } from "hono";
import { validate } from "../../platform/body.ts";
import { Page } from "../../platform/paging.ts";
import { presentSummary } from "../articles/present.ts";
import { listArticles, walkArticles } from "../articles/queries.ts";
import { type Env, signedIn } from "../users/sessions.ts";

/** `/articles/feed`: the articles of those whom the caller follows. */
export function feedRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/articles/feed", signedIn, async (c) => {
      const store = c.get("store");
      const page = { ...validate(Page, c.req.query(), "query"), followedBy: store.userId };
      if (page.cursor !== undefined) {
        const { articles, nextCursor } = await walkArticles(store, page);
        return c.json({ articles: articles.map(presentSummary), nextCursor });
      }
      const { articles, total } = await listArticles(store, page);
      return c.json({ articles: articles.map(presentSummary), articlesCount: total });
    });
}
