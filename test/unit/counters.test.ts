import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CounterTable, change, mergeChanges } from "../../lib/database/counters.ts";

const likes: CounterTable<"given" | "received"> = {
  table: "user_like_counts",
  key: "user_id",
  counts: {
    given: { rows: "likes", by: "user_id" },
    received: { rows: "likes", by: "author_id" },
  },
};
const comments: CounterTable<"comments"> = {
  table: "comment_counts",
  key: "video_id",
  counts: { comments: { rows: "comments", by: "video_id" } },
};

describe("changes of counters", () => {
  it("are summed up per key, in ascending order of tables and keys", () => {
    const merged = mergeChanges([
      change(likes, 9, { given: 1 }),
      change(comments, 5, { comments: 1 }),
      change(likes, 10, { received: 1 }),
      change(likes, 9, { received: 2 }),
      change(likes, 9, { given: 1 }),
    ]);
    assert.deepEqual(
      merged.map(({ counter, sums }) => [counter.table, sums]),
      [
        ["comment_counts", [[5, 1]]],
        [
          "user_like_counts",
          [
            [9, 2, 2],
            [10, 0, 1],
          ],
        ],
      ],
    );
  });

  it("that cancel each other out touch no counter", () => {
    const merged = mergeChanges([
      change(likes, 1, { given: 1 }),
      change(likes, 2, { given: 1 }),
      change(likes, 1, { given: -1 }),
      change(comments, 5, { comments: 1 }),
      change(comments, 5, { comments: -1 }),
    ]);
    assert.deepEqual(
      merged.map(({ counter, sums }) => [counter.table, sums]),
      [["user_like_counts", [[2, 1, 0]]]],
    );
  });
});
