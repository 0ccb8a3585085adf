import type { CounterTable } from "../../lib/database/counters.ts";

export const follows: CounterTable<"following" | "followers"> = {
  table: "user_follow_counts",
  key: "user_id",
  counts: {
    following: { rows: "relations", by: "follower" },
    followers: { rows: "relations", by: "followee" },
  },
};

export const counters: readonly CounterTable[] = [follows];
