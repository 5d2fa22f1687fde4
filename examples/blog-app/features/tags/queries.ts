import type { Store } from "../../platform/blog.ts";

/** Lists the tags of published articles, the most used first. */
export async function listTags({ tags }: Store): Promise<string[]> {
  const groups = await tags.groupBy(["tag"], {
    where: { article: { is: { published_at: { isNotNull: true } } } },
    count: true,
    orderBy: [{ column: "_count", direction: "desc" }, { column: "tag" }],
    limit: 1_000,
  });
  return groups.map(({ tag }) => tag);
}

/** Replaces the tags of an article. Their order is kept; a tag that stands twice counts once. */
export async function setTags(
  { tags }: Store,
  articleId: number,
  list: readonly string[],
): Promise<void> {
  await tags.deleteWhere({ article_id: articleId });
  const rows = [...new Set(list)].map((tag, position) => ({
    article_id: articleId,
    tag,
    position,
  }));
  if (rows.length > 0) await tags.bulkCreate(rows);
}
