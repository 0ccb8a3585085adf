import type { CounterTable } from "../../lib/database/counters.ts";

/** How many videos each user has published. */
export const userWorks: CounterTable<"works"> = {
  table: "user_work_counts",
  key: "user_id",
  counts: { works: { rows: "videos", by: "author_id" } },
};

export const counters: readonly CounterTable[] = [userWorks];
