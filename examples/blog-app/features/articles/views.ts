import { diffWordsWithSpace } from "diff";
import { html } from "hono/html";
import { button, field, type Html, time } from "../pages/layout.ts";
import type { Revision } from "./history.ts";
import type { Article, ArticleSummary } from "./present.ts";

/** A comparison that takes longer, in ms, is not made: the reader sees both texts. */
const DIFF_TIMEOUT = 200;

/** The address of an article's page. */
export function pathOf(slug: string): string {
  return `/articles/${encodeURIComponent(slug)}`;
}

/** A list of articles. */
export function listOf(articles: readonly ArticleSummary[], empty: string): Html {
  if (articles.length === 0) return html`<p>${empty}</p>`;
  return html`<ul class="list">${
    articles.map((article) =>
      html`<li>
        <h2><a href="${pathOf(article.slug)}">${article.title}</a></h2>
        <p class="muted">${authorOf(article)}, ${time(article.createdAt)},
          ${favoritesOf(article)}</p>
        <p>${article.description}</p>
        ${tagsOf(article.tagList)}
      </li>`
    )
  }</ul>`;
}

function authorOf({ author: { username } }: ArticleSummary): Html {
  return html`<a href="/authors/${encodeURIComponent(username)}">${username}</a>`;
}

/** The tags of an article, or of all of them. */
export function tagsOf(tags: readonly string[]): Html | "" {
  if (tags.length === 0) return "";
  return html`<ul class="tags" aria-label="Tags">${
    tags.map((tag) => html`<li><a href="/?tag=${encodeURIComponent(tag)}">${tag}</a></li>`)
  }</ul>`;
}

/** What the reader of an article may do. */
export interface Reader {
  readonly isSignedIn: boolean;
  readonly name: string | null;
  readonly mayEdit: boolean;
}

/** A comment, as `comments/queries.ts` reads it. */
export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly createdAt: string;
  readonly author: { readonly username: string };
}

/** An article with its comments. */
export function articleView(
  article: Article,
  comments: readonly Comment[],
  reader: Reader,
): Html {
  const path = pathOf(article.slug);
  const { username, following } = article.author;
  const author = `/authors/${encodeURIComponent(username)}`;
  return html`
    <p class="muted">${article.draft ? "Draft by" : "By"} ${authorOf(article)}, ${time(
      article.createdAt,
    )},
      ${favoritesOf(article)}. <a href="${path}/history">History</a></p>
    <div class="row">
      ${!reader.isSignedIn
        ? ""
        : article.favorited
        ? button(`${path}/unfavorite`, "Remove from favorites")
        : button(`${path}/favorite`, "Add to favorites")}
      ${!reader.isSignedIn || reader.mayEdit ? "" : following
        ? button(
          `${author}/unfollow?back=${encodeURIComponent(article.slug)}`,
          `Unfollow ${username}`,
        )
        : button(`${author}/follow?back=${encodeURIComponent(article.slug)}`, `Follow ${username}`)}
      ${reader.mayEdit
        ? html`<a href="/editor/${encodeURIComponent(article.slug)}">Edit</a>
        ${button(`${path}/delete`, "Delete article", "danger")}`
        : ""}
    </div>
    <p><strong>${article.description}</strong></p>
    <div class="body">${article.body}</div>
    ${tagsOf(article.tagList)}
    <section aria-labelledby="comments">
      <h2 id="comments">Comments</h2>
      ${comments.length === 0 ? html`<p>There are none.</p>` : ""}
      <ul class="list">${comments.map((comment) => commentView(comment, path, reader))}</ul>
      ${reader.isSignedIn
        ? html`<form method="post" action="${path}/comments" class="stack">
        ${field({ name: "body", label: "Your comment", type: "textarea", rows: 4 }, {})}
        <button class="main">Post comment</button>
      </form>`
        : html`<p><a href="/login">Sign in</a> to comment.</p>`}
    </section>
  `;
}

function commentView({ id, body, createdAt, author }: Comment, path: string, reader: Reader): Html {
  return html`<li>
    <p class="muted">${author.username}, ${time(createdAt)}</p>
    <div class="body">${body}</div>
    ${
    author.username === reader.name
      ? button(`${path}/comments/${id}/delete`, "Delete comment", "danger")
      : ""
  }
  </li>`;
}

const OPERATIONS: Readonly<Record<Revision["operation"], string>> = {
  INSERT: "Written",
  UPDATE: "Changed",
  DELETE: "Removed",
  SOFT_DELETE: "Deleted",
  RESTORE: "Restored",
};

/** Columns whose changes are shown, with what readers call them. */
const LABELS: Readonly<Record<string, string>> = {
  title: "Title",
  description: "Description",
  body: "Text",
  published_at: "Published",
};

/** The history of an article, with what each change removed and added. */
export function historyView(slug: string, history: readonly Revision[]): Html {
  return html`
    <p><a href="${pathOf(slug)}">Back to the article</a></p>
    <ol class="list">${history.map(({ operation, at, by, changes }) =>
      html`
        <li>
          <h2>${OPERATIONS[operation]}</h2>
          <p class="muted">${by === null ? "" : html`
            By ${by},
          `}${time(at)}</p>
          <dl>${Object.entries(changes).filter(([column]) => column in LABELS).map((
            [column, change],
          ) =>
            html`
              <dt>${LABELS[column]}</dt>
              <dd>${changeView(change.from, change.to)}</dd>
            `
          )}</dl>
        </li>
      `
    )}</ol>
  `;
}

function changeView(from: string | null, to: string | null): Html {
  const parts = diffWordsWithSpace(from ?? "", to ?? "", { timeout: DIFF_TIMEOUT }) ??
    [{ value: from ?? "", removed: true }, { value: to ?? "", added: true }];
  return html`${
    parts.map(({ value, added, removed }) =>
      added ? html`<ins>${value}</ins>` : removed ? html`<del>${value}</del>` : value
    )
  }`;
}

function favoritesOf({ favoritesCount }: ArticleSummary): string {
  return favoritesCount === 1 ? "1 favorite" : `${favoritesCount} favorites`;
}
