import type { StampedTime } from "../../platform/schema.ts";

/** A row of `favorites`: a user likes an article. */
export interface FavoritesTable {
  user_id: number;
  article_id: number;
  created_at: StampedTime;
}
