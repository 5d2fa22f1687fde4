import { BadRequestError } from "@kysera/core";
import { onlyDeleted } from "@kysera/soft-delete";
import type { Store } from "../../platform/blog.ts";
import { given } from "../../platform/given.ts";
import { forbidden, invalid, notFound, uniqueOr409 } from "../../platform/errors.ts";
import { profileOf } from "../profiles/queries.ts";
import { setTags } from "../tags/queries.ts";
import type { ArticleChanges, ArticleQuery, NewArticle } from "./schema.ts";
import { chooseSlug } from "./slug.ts";

/** Columns with a unique key, and what the API calls them. */
const UNIQUE = { slug: "title" };
/** The newest first; `id` decides between those of one millisecond. */
const NEWEST = [
  { column: "published_at", direction: "desc" },
  { column: "id", direction: "desc" },
] as const;

/** What belongs to an article, for a caller: one query for each, whatever the number of articles. */
function partsFor(userId: number) {
  return {
    author: profileOf(userId),
    tags: { orderBy: "position" },
    favorites: { where: { user_id: userId } },
    _count: { favorites: true },
  } as const;
}

/** Which articles are listed, and which part of them. */
export interface Listing extends ArticleQuery {
  /** Only those of authors whom this user follows. */
  readonly followedBy?: number | undefined;
}

type Condition = NonNullable<
  NonNullable<Parameters<Store["articles"]["findAndCount"]>[0]>["where"]
>;

function conditionOf({ tag, author, favorited, search, followedBy }: Listing): Condition {
  const and: Condition[] = [{ published_at: { isNotNull: true } }];
  if (tag !== undefined) and.push({ tags: { some: { tag } } });
  if (author !== undefined) and.push({ author: { is: { username: author } } });
  if (favorited !== undefined) {
    and.push({ favorites: { some: { user: { is: { username: favorited } } } } });
  }
  if (followedBy !== undefined) {
    and.push({ author: { is: { followers: { some: { follower_id: followedBy } } } } });
  }
  const words = (search ?? "").toLowerCase().split(/\s+/).filter((word) => word !== "");
  for (const word of words) and.push({ search_text: { contains: word } });
  return { and };
}

/** Lists published articles by number of page, with the number of all of them. */
export async function listArticles({ articles, userId }: Store, query: Listing) {
  const { data, total } = await articles.findAndCount({
    where: conditionOf(query),
    include: partsFor(userId),
    orderBy: NEWEST,
    limit: query.limit,
    offset: query.offset,
  });
  return { articles: data, total };
}

/**
 * Lists published articles from a cursor on: an empty one is the first page.
 *
 * @throws {ApiError} 422 for a cursor that belongs to another list, or cannot be parsed
 */
export async function walkArticles({ articles, userId }: Store, query: Listing) {
  try {
    const { data, pagination } = await articles.paginateCursor({
      where: conditionOf(query),
      include: partsFor(userId),
      orderBy: NEWEST,
      limit: query.limit,
      ...query.cursor ? { cursor: query.cursor } : {},
    });
    return { articles: data, nextCursor: pagination.nextCursor ?? null };
  } catch (error) {
    if (query.cursor && error instanceof BadRequestError) throw invalid({ cursor: ["is invalid"] });
    throw error;
  }
}

/** Lists the caller's drafts. */
export async function listDrafts({ articles, userId }: Store) {
  return await articles.find({
    where: { author_id: userId, published_at: null },
    include: partsFor(userId),
    orderBy: "updated_at",
    orderDirection: "desc",
  });
}

/** Lists what the caller has deleted. */
export async function listDeleted({ articles, executor, userId }: Store) {
  return await articles.on(onlyDeleted(executor)).find({
    where: { author_id: userId },
    include: partsFor(userId),
    orderBy: "deleted_at",
    orderDirection: "desc",
  });
}

/**
 * Finds an article that the caller may see.
 *
 * @throws {ApiError} 404 if there is none
 */
export async function findArticle({ articles }: Store, slug: string) {
  const article = await articles.findOne({ where: { slug } });
  if (article === null) throw notFound("article");
  return article;
}

/** Reads an article with what belongs to it. */
export async function getArticle({ articles, userId }: Store, id: number) {
  return await articles.getById(id, { include: partsFor(userId) });
}

/**
 * Creates an article of the caller.
 *
 * @throws {ApiError} 409 if there is an article of this title
 */
export async function createArticle(store: Store, article: NewArticle) {
  const { title, description, body, tagList, draft } = article;
  return await store.transaction(async (trx) => {
    const { id } = await uniqueOr409(UNIQUE, () =>
      trx.articles.create({
        author_id: trx.userId,
        slug: chooseSlug(title, { isDraft: draft }),
        title,
        description,
        body,
        search_text: searchTextOf(article),
        published_at: draft ? null : new Date(),
      }));
    await setTags(trx, id, tagList);
    return await getArticle(trx, id);
  });
}

/**
 * Changes an article. A new title gives it a new slug.
 *
 * @throws {ApiError} 404 or 403 as the policies have it; 409 if there is an article of this title
 */
export async function changeArticle(
  store: Store,
  slug: string,
  read: () => Promise<ArticleChanges>,
) {
  const article = await findArticle(store, slug);
  if (!await store.articles.canAccess("update", article)) throw forbidden("article");
  const { tagList, draft, ...texts } = await read();
  const isDraft = draft ?? article.published_at === null;
  const isMoved = draft !== undefined && isDraft !== (article.published_at === null);
  const title = texts.title ?? article.title;
  return await store.transaction(async (trx) => {
    // What the request does not name is not written: somebody else may change it at the same time.
    const now = await trx.articles.getById(article.id);
    const columns = {
      title: texts.title ?? now.title,
      description: texts.description ?? now.description,
      body: texts.body ?? now.body,
    };
    await uniqueOr409(UNIQUE, () =>
      trx.articles.update(article.id, {
        ...given(texts),
        search_text: searchTextOf(columns),
        ...isMoved ? { published_at: isDraft ? null : new Date() } : {},
        ...isMoved || title !== article.title ? { slug: chooseSlug(title, { isDraft }) } : {},
      }));
    if (tagList !== undefined) await setTags(trx, article.id, tagList);
    return await getArticle(trx, article.id);
  });
}

/**
 * Deletes an article softly.
 *
 * @throws {ApiError} 404 or 403 as the policies have it
 */
export async function deleteArticle(store: Store, slug: string): Promise<void> {
  const article = await findArticle(store, slug);
  if (!await store.articles.softDelete(article.id)) throw forbidden("article");
}

/**
 * Restores the article of a slug that the caller deleted last.
 *
 * @throws {ApiError} 404 if there is none; 409 if there is another article of this title by now
 */
export async function restoreArticle(store: Store, slug: string) {
  const { articles, executor, userId } = store;
  const article = await articles.on(onlyDeleted(executor)).findOne({
    where: { slug, author_id: userId },
    orderBy: "deleted_at",
    orderDirection: "desc",
  });
  if (article === null) throw notFound("article");
  await uniqueOr409(UNIQUE, () => articles.restore(article.id));
  return await getArticle(store, article.id);
}

function searchTextOf(
  { title, description, body }: Pick<NewArticle, "title" | "description" | "body">,
): string {
  return `${title}\n${description}\n${body}`.toLowerCase();
}
