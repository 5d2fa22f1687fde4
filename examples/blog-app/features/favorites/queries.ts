import type { Store } from "../../platform/blog.ts";

/** Marks an article as a favorite of the caller. Doing so again changes nothing. */
export async function favorite({ favorites, userId }: Store, articleId: number): Promise<void> {
  await favorites.firstOrCreate(
    { user_id: userId, article_id: articleId },
    { conflictColumns: ["user_id", "article_id"] },
  );
}

/** Takes an article from the favorites of the caller. */
export async function unfavorite({ favorites, userId }: Store, articleId: number): Promise<void> {
  await favorites.deleteWhere({ user_id: userId, article_id: articleId });
}
