import { Hono } from "hono";
import { readBody, validate } from "../../platform/body.ts";
import { type Env, signedIn } from "../users/sessions.ts";
import { historyOf } from "./history.ts";
import { presentArticle, presentSummary } from "./present.ts";
import {
  changeArticle,
  createArticle,
  deleteArticle,
  findArticle,
  getArticle,
  listArticles,
  listDeleted,
  listDrafts,
  restoreArticle,
  walkArticles,
} from "./queries.ts";
import { ArticleChanges, ArticleQuery, NewArticle } from "./schema.ts";

/** `/articles`, `/articles/:slug`, and what Conduit does not have: drafts, history, restoring. */
export function articleRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/articles", async (c) => {
      const store = c.get("store");
      const query = validate(ArticleQuery, c.req.query(), "query");
      if (query.cursor !== undefined) {
        const { articles, nextCursor } = await walkArticles(store, query);
        return c.json({ articles: articles.map(presentSummary), nextCursor });
      }
      const { articles, total } = await listArticles(store, query);
      return c.json({ articles: articles.map(presentSummary), articlesCount: total });
    })
    .post("/articles", signedIn, async (c) => {
      const article = await readBody(c, "article", NewArticle);
      return c.json({ article: presentArticle(await createArticle(c.get("store"), article)) }, 201);
    })
    .get("/articles/:slug", async (c) => {
      const store = c.get("store");
      const { id } = await findArticle(store, c.req.param("slug"));
      return c.json({ article: presentArticle(await getArticle(store, id)) });
    })
    .put("/articles/:slug", signedIn, async (c) => {
      const article = await changeArticle(
        c.get("store"),
        c.req.param("slug"),
        () => readBody(c, "article", ArticleChanges),
      );
      return c.json({ article: presentArticle(article) });
    })
    .delete("/articles/:slug", signedIn, async (c) => {
      await deleteArticle(c.get("store"), c.req.param("slug"));
      return c.body(null, 204);
    })
    .post("/articles/:slug/restore", signedIn, async (c) => {
      const article = await restoreArticle(c.get("store"), c.req.param("slug"));
      return c.json({ article: presentArticle(article) });
    })
    .get("/articles/:slug/history", async (c) => {
      return c.json({ history: await historyOf(c.get("store"), c.req.param("slug")) });
    })
    .get("/user/drafts", signedIn, async (c) => {
      const articles = await listDrafts(c.get("store"));
      return c.json({ articles: articles.map(presentSummary), articlesCount: articles.length });
    })
    .get("/user/deleted", signedIn, async (c) => {
      const articles = await listDeleted(c.get("store"));
      return c.json({ articles: articles.map(presentSummary), articlesCount: articles.length });
    });
}
