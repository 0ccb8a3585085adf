import type { CounterTable } from "../../lib/database/counters.ts";

export const videoLikes: CounterTable<"likes"> = {
  table: "video_like_counts",
  key: "video_id",
  counts: { likes: { rows: "likes", by: "video_id" } },
};

/** `received`: the likes of all videos whose author a user is. */
export const userLikes: CounterTable<"given" | "received"> = {
  table: "user_like_counts",
  key: "user_id",
  counts: {
    given: { rows: "likes", by: "user_id" },
    received: { rows: "likes", by: "author_id" },
  },
};

export const counters: readonly CounterTable[] = [videoLikes, userLikes];
