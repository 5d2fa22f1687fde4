import type { Store } from "../../platform/blog.ts";
import { forbidden, notFound } from "../../platform/errors.ts";
import { type Time, toIso } from "../../platform/schema.ts";
import { profileOf, toProfile } from "../profiles/queries.ts";

/** Lists the comments of an article, the oldest first. */
export async function listComments({ comments, userId }: Store, articleId: number) {
  const rows = await comments.find({
    where: { article_id: articleId },
    include: { author: profileOf(userId) },
    orderBy: "id",
  });
  return rows.map(present);
}

/** Adds a comment of the caller. */
export async function createComment(
  { comments, userId }: Store,
  articleId: number,
  body: string,
) {
  const { id } = await comments.create({ article_id: articleId, author_id: userId, body });
  return await getComment({ comments, userId }, id);
}

/**
 * Deletes a comment softly.
 *
 * @throws {ApiError} 404 if the article has no such comment, 403 if it is somebody else's
 */
export async function deleteComment(
  { comments }: Store,
  articleId: number,
  id: number,
): Promise<void> {
  const comment = await comments.findOne({ where: { id, article_id: articleId } });
  if (comment === null) throw notFound("comment");
  if (!await comments.softDelete(id)) throw forbidden("comment");
}

/**
 * Restores a comment that the caller has deleted.
 *
 * @throws {ApiError} 404 if there is none
 */
export async function restoreComment({ comments, userId }: Store, articleId: number, id: number) {
  const comment = await comments.findWithDeleted(id);
  const isOwn = comment?.article_id === articleId && comment.author_id === userId;
  if (!isOwn || !await comments.restore(id)) throw notFound("comment");
  return await getComment({ comments, userId }, id);
}

async function getComment({ comments, userId }: Pick<Store, "comments" | "userId">, id: number) {
  return present(await comments.getById(id, { include: { author: profileOf(userId) } }));
}

function present(comment: {
  readonly id: number;
  readonly created_at: Time;
  readonly updated_at: Time;
  readonly body: string;
  readonly author: Parameters<typeof toProfile>[0];
}) {
  return {
    id: comment.id,
    createdAt: toIso(comment.created_at),
    updatedAt: toIso(comment.updated_at),
    body: comment.body,
    author: toProfile(comment.author),
  };
}
