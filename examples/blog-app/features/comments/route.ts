import { Hono } from "hono";
import { readBody } from "../../platform/body.ts";
import { notFound } from "../../platform/errors.ts";
import { findArticle } from "../articles/queries.ts";
import { type Env, signedIn } from "../users/sessions.ts";
import { createComment, deleteComment, listComments, restoreComment } from "./queries.ts";
import { NewComment } from "./schema.ts";

/** `/articles/:slug/comments` */
export function commentRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/articles/:slug/comments", async (c) => {
      const article = await findArticle(c.get("store"), c.req.param("slug"));
      return c.json({ comments: await listComments(c.get("store"), article.id) });
    })
    .post("/articles/:slug/comments", signedIn, async (c) => {
      const article = await findArticle(c.get("store"), c.req.param("slug"));
      const { body } = await readBody(c, "comment", NewComment);
      return c.json({ comment: await createComment(c.get("store"), article.id, body) }, 201);
    })
    .delete("/articles/:slug/comments/:id", signedIn, async (c) => {
      const article = await findArticle(c.get("store"), c.req.param("slug"));
      await deleteComment(c.get("store"), article.id, idOf(c.req.param("id")));
      return c.body(null, 204);
    })
    .post("/articles/:slug/comments/:id/restore", signedIn, async (c) => {
      const article = await findArticle(c.get("store"), c.req.param("slug"));
      const comment = await restoreComment(c.get("store"), article.id, idOf(c.req.param("id")));
      return c.json({ comment });
    });
}

/** A key has at most 31 bits; a larger number is the id of no comment. */
function idOf(text: string): number {
  const id = Number(text);
  if (!Number.isInteger(id) || id < 1 || id > 2 ** 31 - 1) throw notFound("comment");
  return id;
}
