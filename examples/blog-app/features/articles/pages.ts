import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { validate } from "../../platform/body.ts";
import { ApiError, type FieldErrors, forbidden } from "../../platform/errors.ts";
import { createComment, deleteComment, listComments } from "../comments/queries.ts";
import { NewComment } from "../comments/schema.ts";
import { favorite, unfavorite } from "../favorites/queries.ts";
import { button, page, time } from "../pages/layout.ts";
import { findProfile, follow, unfollow } from "../profiles/queries.ts";
import { listTags } from "../tags/queries.ts";
import { type Env, sessionOf } from "../users/sessions.ts";
import { type ArticleForm, editor, EMPTY_FORM, readForm, toArticle } from "./form.ts";
import { historyOf } from "./history.ts";
import { presentArticle, presentSummary } from "./present.ts";
import {
  changeArticle,
  createArticle,
  deleteArticle,
  findArticle,
  getArticle,
  listDeleted,
  listDrafts,
  type Listing,
  restoreArticle,
  walkArticles,
} from "./queries.ts";
import { ArticleChanges, ArticleQuery, NewArticle } from "./schema.ts";
import { articleView, historyView, listOf, pathOf, tagsOf } from "./views.ts";

/** The pages about articles. */
export function articlePages(): Hono<Env> {
  return new Hono<Env>()
    .get("/", async (c) => {
      const { tag, search = "" } = c.req.query();
      const tags = await listTags(c.get("store"));
      return await listPage(c, tag === undefined ? "Articles" : `Articles about ${tag}`, {
        path: "/",
        before: html`
          <form class="search" role="search">
            <label for="search" class="skip">Search</label>
            <input id="search" name="search" type="search" value="${search}" placeholder="Search">
            <button>Search</button>
          </form>
                    ${tagsOf(tags.slice(0, 20))}
        `,
      });
    })
    .get("/feed", async (c) => {
      const { userId } = sessionOf(c);
      return await listPage(c, "Your feed", {
        path: "/feed",
        filter: { followedBy: userId },
      });
    })
    .get("/own", async (c) => {
      sessionOf(c);
      const drafts = (await listDrafts(c.get("store"))).map(presentSummary);
      const deleted = (await listDeleted(c.get("store"))).map(presentSummary);
      return await page(
        c,
        "Your drafts and deleted articles",
        html`
          <section><h2>Drafts</h2>${listOf(drafts, "You have none.")}</section>
          <section><h2>Deleted</h2>
            ${deleted.length === 0 ? html`<p>There are none.</p>` : ""}
            <ul class="list">${deleted.map(({ slug, title, updatedAt }) =>
              html`<li><p>${title} <span class="muted">deleted ${time(updatedAt)}</span></p>
              ${button(`${pathOf(slug)}/restore`, `Restore ${title}`)}</li>`
            )}</ul>
          </section>
        `,
      );
    })
    .get("/editor", async (c) => {
      sessionOf(c);
      return await page(c, "New article", editor(EMPTY_FORM));
    })
    .post("/editor", async (c) => {
      sessionOf(c);
      return await save(
        c,
        "New article",
        (form) => createArticle(c.get("store"), validate(NewArticle, toArticle(form), "article")),
      );
    })
    .get("/editor/:slug", async (c) => {
      sessionOf(c);
      const store = c.get("store");
      const found = await findArticle(store, c.req.param("slug"));
      if (!await store.articles.canAccess("update", found)) throw forbidden("article");
      const article = await getArticle(store, found.id);
      const form = {
        ...article,
        tags: article.tags.map(({ tag }) => tag).join(", "),
        draft: article.published_at === null,
      };
      return await page(c, "Edit article", editor(form));
    })
    .post("/editor/:slug", async (c) => {
      sessionOf(c);
      return await save(
        c,
        "Edit article",
        (form) =>
          changeArticle(
            c.get("store"),
            c.req.param("slug"),
            () => Promise.resolve(validate(ArticleChanges, toArticle(form), "article")),
          ),
      );
    })
    .get("/articles/:slug", async (c) => {
      const store = c.get("store");
      const found = await findArticle(store, c.req.param("slug"));
      const article = presentArticle(await getArticle(store, found.id));
      const comments = await listComments(store, found.id);
      const session = c.get("session");
      const name = session === null ? null : (await store.users.getById(session.userId)).username;
      const mayEdit = session !== null && await store.articles.canAccess("update", found);
      return await page(
        c,
        article.title,
        articleView(article, comments, { isSignedIn: session !== null, name, mayEdit }),
      );
    })
    .get("/articles/:slug/history", async (c) => {
      const slug = c.req.param("slug");
      const { title } = await findArticle(c.get("store"), slug);
      return await page(
        c,
        `History of ${title}`,
        historyView(slug, await historyOf(c.get("store"), slug)),
      );
    })
    .post("/articles/:slug/:action{favorite|unfavorite}", async (c) => {
      sessionOf(c);
      const { id } = await findArticle(c.get("store"), c.req.param("slug"));
      await (c.req.param("action") === "favorite" ? favorite : unfavorite)(c.get("store"), id);
      return c.redirect(pathOf(c.req.param("slug")), 303);
    })
    .post("/articles/:slug/delete", async (c) => {
      sessionOf(c);
      await deleteArticle(c.get("store"), c.req.param("slug"));
      return c.redirect("/own", 303);
    })
    .post("/articles/:slug/restore", async (c) => {
      sessionOf(c);
      const { slug } = await restoreArticle(c.get("store"), c.req.param("slug"));
      return c.redirect(pathOf(slug), 303);
    })
    .post("/articles/:slug/comments", async (c) => {
      sessionOf(c);
      const { id } = await findArticle(c.get("store"), c.req.param("slug"));
      const { body } = validate(NewComment, await c.req.parseBody(), "comment");
      await createComment(c.get("store"), id, body);
      return c.redirect(`${pathOf(c.req.param("slug"))}#comments`, 303);
    })
    .post("/articles/:slug/comments/:id{[0-9]{1,9}}/delete", async (c) => {
      sessionOf(c);
      const { id } = await findArticle(c.get("store"), c.req.param("slug"));
      await deleteComment(c.get("store"), id, Number(c.req.param("id")));
      return c.redirect(`${pathOf(c.req.param("slug"))}#comments`, 303);
    })
    .get("/authors/:username", async (c) => {
      const { username, bio } = await findProfile(c.get("store"), c.req.param("username"));
      return await listPage(c, `Articles by ${username}`, {
        path: `/authors/${encodeURIComponent(username)}`,
        before: bio === null ? html`` : html`<p>${bio}</p>`,
        filter: { author: username },
      });
    })
    .post("/authors/:username/:action{follow|unfollow}", async (c) => {
      sessionOf(c);
      const { id } = await findProfile(c.get("store"), c.req.param("username"));
      await (c.req.param("action") === "follow" ? follow : unfollow)(c.get("store"), id);
      // The path is made here: what comes with the request is at most the name of an article.
      return c.redirect(pathOf(c.req.query("back") ?? ""), 303);
    });
}

interface ListPage {
  readonly path: string;
  readonly before?: ReturnType<typeof html>;
  /** What is asked beside what the query of the request says. */
  readonly filter?: Pick<Partial<Listing>, "author" | "followedBy">;
}

/** A page of a list, with a link to the next one. */
async function listPage(c: Context<Env>, title: string, { path, before, filter }: ListPage) {
  const asked = c.req.query();
  const query: Listing = {
    ...validate(ArticleQuery, { ...asked, cursor: asked["cursor"] ?? "" }, "query"),
    ...filter,
  };
  const { articles, nextCursor } = await walkArticles(c.get("store"), query);
  const next = nextCursor === null
    ? ""
    : html`<p><a href="${path}?${
      new URLSearchParams({ ...asked, cursor: nextCursor }).toString()
    }">Older articles</a></p>`;
  return await page(
    c,
    title,
    html`${before ?? ""}${listOf(articles.map(presentSummary), "There are no articles.")}${next}`,
  );
}

/** Saves what was typed into the editor, or shows it again with what is wrong. */
async function save(
  c: Context<Env>,
  title: string,
  write: (form: ArticleForm) => Promise<{ readonly slug: string }>,
): Promise<Response> {
  const form = readForm(await c.req.parseBody());
  let errors: FieldErrors;
  try {
    return c.redirect(pathOf((await write(form)).slug), 303);
  } catch (error) {
    const isCorrectable = error instanceof ApiError && [409, 422].includes(error.status);
    if (!isCorrectable) throw error;
    errors = error.errors;
  }
  return await page(c, title, editor(form, errors), 422);
}
