import type { Generated } from "kysely";
import * as z from "zod";
import { requiredText } from "../../platform/body.ts";
import { Page } from "../../platform/paging.ts";
import type { OptionalTime, StampedTime } from "../../platform/schema.ts";

/** A row of `articles`. */
export interface ArticlesTable {
  id: Generated<number>;
  author_id: number;
  slug: string;
  title: string;
  description: string;
  body: string;
  /** Title, description and body in lower case: what the search looks at. */
  search_text: string;
  /** When it was published; null for a draft. */
  published_at: OptionalTime;
  created_at: StampedTime;
  updated_at: StampedTime;
  deleted_at: OptionalTime;
}

const MAX_BODY = 200_000;
const title = requiredText(200);
const description = requiredText(2_000);
const body = requiredText(MAX_BODY);
const tagList = z.array(
  requiredText(100).transform((tag) => tag.trim()),
  "must be a list of texts",
).max(50, "is too long (maximum is 50 tags)");
/** Whether the article is a draft, which Conduit does not have. */
const draft = z.boolean("must be true or false");

/** The body of `POST /articles`. */
export const NewArticle = z.object({
  title,
  description,
  body,
  tagList: tagList.default([]),
  draft: draft.default(false),
});

/** A new article. */
export type NewArticle = z.output<typeof NewArticle>;

/** The body of `PUT /articles/:slug`. */
export const ArticleChanges = z.object({
  title: title.optional(),
  description: description.optional(),
  body: body.optional(),
  tagList: tagList.optional(),
  draft: draft.optional(),
});

/** What `PUT /articles/:slug` may change. */
export type ArticleChanges = z.output<typeof ArticleChanges>;

/** The query of `GET /articles`. */
export const ArticleQuery = Page.extend({
  tag: z.string().optional(),
  author: z.string().optional(),
  favorited: z.string().optional(),
  search: z.string().max(200, "is too long (maximum is 200 characters)").optional(),
});

/** Which articles `GET /articles` lists. */
export type ArticleQuery = z.output<typeof ArticleQuery>;
