import { defineRelations } from "@kysera/repository";
import type { Database } from "./schema.ts";

/** How rows of one table belong to rows of another. */
export const relations = defineRelations<Database>()({
  users: {
    followers: { type: "hasMany", table: "follows", columns: { id: "followed_id" } },
  },
  articles: {
    author: { type: "belongsTo", table: "users", columns: { author_id: "id" } },
    tags: { type: "hasMany", table: "article_tags", columns: { id: "article_id" } },
    favorites: { type: "hasMany", table: "favorites", columns: { id: "article_id" } },
  },
  article_tags: {
    article: { type: "belongsTo", table: "articles", columns: { article_id: "id" } },
  },
  favorites: {
    user: { type: "belongsTo", table: "users", columns: { user_id: "id" } },
  },
  comments: {
    author: { type: "belongsTo", table: "users", columns: { author_id: "id" } },
  },
});
