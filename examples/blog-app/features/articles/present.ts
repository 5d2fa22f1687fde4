import { type Time, toIso } from "../../platform/schema.ts";
import { type Profile, toProfile } from "../profiles/queries.ts";

/** An article with what belongs to it, as `queries.ts` reads it. */
export interface ArticleRow {
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  readonly published_at: Time | null;
  readonly created_at: Time;
  readonly updated_at: Time;
  readonly author: Parameters<typeof toProfile>[0];
  readonly tags: readonly { readonly tag: string }[];
  /** The caller's own. */
  readonly favorites: readonly unknown[];
  readonly _count: { readonly favorites: number };
}

/** An article in a list: without its body. */
export interface ArticleSummary {
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  readonly tagList: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly favorited: boolean;
  readonly favoritesCount: number;
  readonly author: Profile;
  /** Only there for drafts, which Conduit does not have. */
  readonly draft?: true;
}

/** A whole article. */
export interface Article extends ArticleSummary {
  readonly body: string;
}

/** Formats an article for a list. */
export function presentSummary(article: ArticleRow): ArticleSummary {
  return {
    slug: article.slug,
    title: article.title,
    description: article.description,
    tagList: article.tags.map(({ tag }) => tag),
    createdAt: toIso(article.created_at),
    updatedAt: toIso(article.updated_at),
    favorited: article.favorites.length > 0,
    favoritesCount: article._count.favorites,
    author: toProfile(article.author),
    ...article.published_at === null ? { draft: true } : {},
  };
}

/** Formats a whole article. */
export function presentArticle(article: ArticleRow & { readonly body: string }): Article {
  const { slug, title, description, ...rest } = presentSummary(article);
  return { slug, title, description, body: article.body, ...rest };
}
