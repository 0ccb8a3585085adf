import type { Params, Result } from "../../contracts/actions.ts";
import type { FleetingCache } from "../../lib/cache/fleeting-cache.ts";

export interface FollowCount {
  following: number;
  followers: number;
}

/** Counts of those users who have any, and whom of them the viewer follows. */
export interface FollowCounts {
  users: Map<number, FollowCount>;
  followed: Set<number>;
}

/** Whose counts are wanted, and whom of whom the viewer may follow. */
export interface CountsAsked {
  users: readonly number[];
  followed: { viewer: number; users: readonly number[] };
}

/**
 * Counts of follows, for everybody who was asked for in the order they were, with one query at most.
 * What is the same for all viewers may come from the cache; whom a viewer follows never does.
 */
export async function countFollows(
  { user_ids, viewer }: Params<"relation.counts">,
  cache: FleetingCache<FollowCount>,
  find: (asked: CountsAsked) => Promise<FollowCounts>,
): Promise<Result<"relation.counts">> {
  const { found, missing, keep } = await cache.lookUp(user_ids);
  const { users, followed } = await find({
    users: missing,
    followed: { viewer, users: user_ids },
  });
  const loaded = new Map(
    missing.map((id) => [id, users.get(id) ?? { following: 0, followers: 0 }]),
  );
  keep(loaded);
  return {
    users: user_ids.map((user_id) => {
      const count = found.get(user_id) ?? loaded.get(user_id);
      return {
        user_id,
        follow_count: count?.following ?? 0,
        follower_count: count?.followers ?? 0,
        is_follow: followed.has(user_id),
      };
    }),
  };
}
