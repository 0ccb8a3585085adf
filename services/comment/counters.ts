import type { CounterTable } from "../../lib/database/counters.ts";

export const videoComments: CounterTable<"comments"> = {
  table: "video_comment_counts",
  key: "video_id",
  counts: { comments: { rows: "comments", by: "video_id" } },
};

export const counters: readonly CounterTable[] = [videoComments];
