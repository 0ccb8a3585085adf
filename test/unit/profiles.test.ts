import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { VideoRow } from "../../contracts/short-video.ts";
import { profiles, videoCards } from "../../mixins/profiles.ts";

/** Answers by simple rules, and notes which actions were called. User 13 does not exist. */
function everybody() {
  const calls: string[] = [];
  const handlers: Record<string, (params: Record<string, never>) => unknown> = {
    "user.cards": ({ user_ids }: { user_ids: number[] }) => ({
      users: user_ids
        .filter((id) => id !== 13)
        .map((user_id) => ({
          user_id,
          username: `user ${user_id}`,
          avatar: "/media/image/a.webp",
          background_image: "",
          signature: "hi",
        })),
    }),
    "relation.counts": ({ user_ids, viewer }: { user_ids: number[]; viewer: number }) => ({
      users: user_ids.map((user_id) => ({
        user_id,
        follow_count: user_id * 2,
        follower_count: user_id * 3,
        is_follow: user_id === viewer + 1,
      })),
    }),
    "favorite.counts": (asked: { user_ids: number[]; video_ids: number[]; viewer: number }) => ({
      users: asked.user_ids.map((user_id) => ({
        user_id,
        total_favorited: user_id * 4,
        favorite_count: user_id * 5,
      })),
      videos: asked.video_ids.map((video_id) => ({
        video_id,
        favorite_count: video_id * 6,
        is_favorite: video_id === asked.viewer,
      })),
    }),
    "comment.counts": ({ video_ids }: { video_ids: number[] }) => ({
      videos: video_ids.map((video_id) => ({ video_id, comment_count: video_id * 7 })),
    }),
    "video.works": ({ user_ids }: { user_ids: number[] }) => ({
      users: user_ids.map((user_id) => ({ user_id, work_count: user_id * 8 })),
    }),
  } as never;
  const call = async (action: string, params: unknown): Promise<unknown> => {
    calls.push(action);
    return handlers[action]?.(params as never);
  };
  return { call, calls };
}

const row = (video_id: number, author: number): VideoRow => ({
  video_id,
  author,
  play: `/media/video/${video_id}.mp4`,
  cover: `/media/cover/${video_id}.jpg`,
  title: `no. ${video_id}`,
  create_ms: 1,
});

const user2 = {
  id: 2,
  name: "user 2",
  follow_count: 4,
  follower_count: 6,
  is_follow: true,
  avatar: "/media/image/a.webp",
  background_image: "",
  signature: "hi",
  total_favorited: "8",
  work_count: 16,
  favorite_count: 10,
};

describe("profiles", () => {
  it("have every field, as the viewer sees it", async () => {
    const found = await profiles(everybody(), [2, 13, 2], 1);
    assert.deepEqual([...found], [[2, user2]]);
  });

  it("take four calls, one of each, for a hundred people, and none for nobody", async () => {
    const from = everybody();
    const ids = Array.from({ length: 100 }, (_, n) => n + 100);
    assert.equal((await profiles(from, ids, 0)).size, 100);
    assert.deepEqual(from.calls.toSorted(), [
      "favorite.counts",
      "relation.counts",
      "user.cards",
      "video.works",
    ]);
    from.calls.length = 0;
    assert.equal((await profiles(from, [], 0)).size, 0);
    assert.deepEqual(from.calls, []);
  });

  it("of more people come by the hundred", async () => {
    const from = everybody();
    const ids = Array.from({ length: 250 }, (_, n) => n + 100);
    assert.deepEqual([...(await profiles(from, ids, 0)).keys()], ids);
    assert.equal(from.calls.length, 12);
  });

  it("fail as a whole when a part cannot be had", async () => {
    const { call } = everybody();
    const from = {
      call: async (action: string, params: unknown) => {
        if (action === "relation.counts") throw new Error("not here");
        return call(action, params);
      },
    };
    await assert.rejects(profiles(from, [1], 0), { message: "not here" });
  });
});

describe("cards of videos", () => {
  it("have every field, in the order of the rows, without those of nobody", async () => {
    const found = await videoCards(everybody(), [row(9, 2), row(1, 13), row(3, 2)], 1);
    assert.deepEqual(found, [
      {
        id: 9,
        author: user2,
        play_url: "/media/video/9.mp4",
        cover_url: "/media/cover/9.jpg",
        favorite_count: 54,
        comment_count: 63,
        is_favorite: false,
        title: "no. 9",
      },
      {
        id: 3,
        author: user2,
        play_url: "/media/video/3.mp4",
        cover_url: "/media/cover/3.jpg",
        favorite_count: 18,
        comment_count: 21,
        is_favorite: false,
        title: "no. 3",
      },
    ]);
  });

  it("take five calls, or four where the works are known", async () => {
    const from = everybody();
    const rows = Array.from({ length: 30 }, (_, n) => row(n + 1, 20 + (n % 7)));
    await videoCards(from, rows, 1);
    assert.equal(from.calls.length, 5);
    from.calls.length = 0;
    const [first] = await videoCards(from, rows, 1, { works: new Map([[20, 99]]) });
    assert.equal(first?.author.work_count, 99);
    assert.deepEqual(from.calls.toSorted(), [
      "comment.counts",
      "favorite.counts",
      "relation.counts",
      "user.cards",
    ]);
  });
});
