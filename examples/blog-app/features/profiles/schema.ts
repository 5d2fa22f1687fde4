import type { StampedTime } from "../../platform/schema.ts";

/** A row of `follows`: one user follows another. */
export interface FollowsTable {
  follower_id: number;
  followed_id: number;
  created_at: StampedTime;
}
