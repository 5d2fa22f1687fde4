import type { ColumnType } from "kysely";
import type { ArticlesTable } from "../features/articles/schema.ts";
import type { CommentsTable } from "../features/comments/schema.ts";
import type { FavoritesTable } from "../features/favorites/schema.ts";
import type { FollowsTable } from "../features/profiles/schema.ts";
import type { ArticleTagsTable } from "../features/tags/schema.ts";
import type { UsersTable } from "../features/users/schema.ts";

/** The tables, each described by the feature that owns it. */
export interface Database {
  users: UsersTable;
  follows: FollowsTable;
  articles: ArticlesTable;
  article_tags: ArticleTagsTable;
  favorites: FavoritesTable;
  comments: CommentsTable;
}

/** A time: a `Date` on PostgreSQL and MariaDB, ISO 8601 text on SQLite. */
export type Time = Date | string;

/** A time that the timestamps plugin sets. */
export type StampedTime = ColumnType<Time, Time | undefined, Time>;

/** A time that is absent until something happens. */
export type OptionalTime = ColumnType<Time | null, Time | null | undefined, Time | null>;

/** Formats a time as the API does: ISO 8601 in UTC, with milliseconds. */
export function toIso(time: Time): string {
  return new Date(time).toISOString();
}
