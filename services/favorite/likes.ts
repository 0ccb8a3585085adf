import type { FleetingCache } from "../../lib/cache/fleeting-cache.ts";
import type { CountsAsked, LikeCounts } from "./like.repo.ts";

type OfUser = { given: number; received: number };

/** Who asks for which counts. */
export interface CountsWanted {
  video_ids: readonly number[];
  user_ids: readonly number[];
  /** 0: a guest. */
  viewer: number;
}

export interface CountsAnswer {
  videos: { video_id: number; favorite_count: number; is_favorite: boolean }[];
  users: { user_id: number; total_favorited: number; favorite_count: number }[];
}

/**
 * Counts of likes, for everything that was asked for in the order it was asked, with one query at most.
 * What is the same for everybody may come from the caches; what the viewer likes never does.
 */
export async function countLikes(
  wanted: CountsWanted,
  from: {
    videos: FleetingCache<number>;
    users: FleetingCache<OfUser>;
    find(asked: CountsAsked): Promise<LikeCounts>;
  },
): Promise<CountsAnswer> {
  const [videos, users] = await Promise.all([
    from.videos.lookUp(wanted.video_ids),
    from.users.lookUp(wanted.user_ids),
  ]);
  const counted = await from.find({
    videos: videos.missing,
    users: users.missing,
    liked: { viewer: wanted.viewer, videos: wanted.video_ids },
  });
  const ofVideo = (id: number) => counted.videos.get(id) ?? 0;
  const ofUser = (id: number) => counted.users.get(id) ?? { given: 0, received: 0 };
  videos.keep(new Map(videos.missing.map((id) => [id, ofVideo(id)])));
  users.keep(new Map(users.missing.map((id) => [id, ofUser(id)])));
  return {
    videos: wanted.video_ids.map((video_id) => ({
      video_id,
      favorite_count: videos.found.get(video_id) ?? ofVideo(video_id),
      is_favorite: counted.liked.has(video_id),
    })),
    users: wanted.user_ids.map((user_id) => {
      const { given, received } = users.found.get(user_id) ?? ofUser(user_id);
      return { user_id, total_favorited: received, favorite_count: given };
    }),
  };
}
