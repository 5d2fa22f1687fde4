import type { Store } from "../../platform/blog.ts";
import { notFound } from "../../platform/errors.ts";

/** A user, as others see them. */
export interface Profile {
  readonly username: string;
  readonly bio: string | null;
  readonly image: string | null;
  readonly following: boolean;
}

/** What {@linkcode toProfile} needs of a user: add it to the `include` of a query. */
export function profileOf(userId: number) {
  return {
    select: ["id", "username", "bio", "image"],
    include: { followers: { where: { follower_id: userId }, select: ["follower_id"] } },
  } as const;
}

/** Formats a user that was read with {@linkcode profileOf}. */
export function toProfile(
  user: {
    readonly username: string;
    readonly bio: string | null;
    readonly image: string | null;
    readonly followers: readonly unknown[];
  } | null,
): Profile {
  // The foreign key and the policy that shows every user say that there is one.
  if (user === null) throw new Error("Cannot present the profile: the user is missing");
  const { username, bio, image, followers } = user;
  return { username, bio, image, following: followers.length > 0 };
}

/**
 * Finds a profile by its name.
 *
 * @throws {ApiError} 404 if there is none
 */
export async function findProfile(
  { users, userId }: Store,
  username: string,
): Promise<Profile & { id: number }> {
  const user = await users.findOne({ where: { username }, include: profileOf(userId).include });
  if (user === null) throw notFound("profile");
  return { id: user.id, ...toProfile(user) };
}

/** Follows a user. Doing so again changes nothing. */
export async function follow({ follows, userId }: Store, followedId: number): Promise<void> {
  await follows.firstOrCreate(
    { follower_id: userId, followed_id: followedId },
    { conflictColumns: ["follower_id", "followed_id"] },
  );
}

/** Unfollows a user. */
export async function unfollow({ follows, userId }: Store, followedId: number): Promise<void> {
  await follows.deleteWhere({ follower_id: userId, followed_id: followedId });
}
