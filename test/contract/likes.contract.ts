import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import favorite from "../../services/favorite/favorite.service.ts";
import { startNode } from "../support/node.ts";
import { by, videoCards } from "../support/video-cards.ts";

/** Video 1 is of author 101, and so on. */
const videos = videoCards(5, (video_id) => 100 + video_id);

/** What likes have to be on every database. `setUp` answers a node's environment. */
export function likesContract(
  name: string,
  setUp: (t: TestContext) => Promise<Record<string, string>>,
): void {
  const node = async (t: TestContext) =>
    startNode(t, { services: [favorite, videos], env: await setUp(t) });
  const like = (broker: ServiceBroker, user: number, video_id: number) =>
    call(broker, "favorite.like", { video_id }, by(user));
  const unlike = (broker: ServiceBroker, user: number, video_id: number) =>
    call(broker, "favorite.unlike", { video_id }, by(user));
  const counts = (broker: ServiceBroker, viewer: number, video_ids: number[], user_ids: number[]) =>
    call(broker, "favorite.counts", { viewer, video_ids, user_ids });

  describe(`likes: ${name}`, () => {
    it("are counted for the video, for who likes it and for its author", async (t) => {
      const broker = await node(t);
      await like(broker, 7, 1);
      await like(broker, 8, 1);
      await like(broker, 7, 2);
      assert.deepEqual(await counts(broker, 8, [2, 1, 3], [7, 101, 102, 999]), {
        videos: [
          { video_id: 2, favorite_count: 1, is_favorite: false },
          { video_id: 1, favorite_count: 2, is_favorite: true },
          { video_id: 3, favorite_count: 0, is_favorite: false },
        ],
        users: [
          { user_id: 7, total_favorited: 0, favorite_count: 2 },
          { user_id: 101, total_favorited: 2, favorite_count: 0 },
          { user_id: 102, total_favorited: 1, favorite_count: 0 },
          { user_id: 999, total_favorited: 0, favorite_count: 0 },
        ],
      });
    });

    it("may be given and taken back twice", async (t) => {
      const broker = await node(t);
      await like(broker, 7, 1);
      await like(broker, 7, 1);
      assert.deepEqual((await counts(broker, 7, [1], [])).videos, [
        { video_id: 1, favorite_count: 1, is_favorite: true },
      ]);
      await unlike(broker, 7, 1);
      await unlike(broker, 7, 1);
      assert.deepEqual(await counts(broker, 7, [1], [7, 101]), {
        videos: [{ video_id: 1, favorite_count: 0, is_favorite: false }],
        users: [
          { user_id: 7, total_favorited: 0, favorite_count: 0 },
          { user_id: 101, total_favorited: 0, favorite_count: 0 },
        ],
      });
    });

    it("of the same user for the same video, all at once, are one", async (t) => {
      const broker = await node(t);
      await Promise.all(Array.from({ length: 30 }, () => like(broker, 7, 1)));
      assert.equal((await counts(broker, 7, [1], [])).videos[0]?.favorite_count, 1);
      await Promise.all(Array.from({ length: 30 }, () => unlike(broker, 7, 1)));
      assert.equal((await counts(broker, 7, [1], [])).videos[0]?.favorite_count, 0);
    });

    it("may be of one's own video", async (t) => {
      const broker = await node(t);
      await like(broker, 101, 1);
      assert.deepEqual((await counts(broker, 0, [], [101])).users, [
        { user_id: 101, total_favorited: 1, favorite_count: 1 },
      ]);
    });

    it("are listed by when they were given, the last first", async (t) => {
      const broker = await node(t);
      for (const video of [2, 1, 4]) await like(broker, 7, video);
      await like(broker, 8, 3);
      await unlike(broker, 7, 1);
      await like(broker, 7, 1);
      await like(broker, 7, 2);
      const list = (user_id: number) => call(broker, "favorite.list", { user_id });
      assert.deepEqual(await list(7), { video_ids: [1, 4, 2] });
      assert.deepEqual(await list(9), { video_ids: [] });
    });

    it("of an unknown video, or of nobody, are refused", async (t) => {
      const broker = await node(t);
      await assert.rejects(like(broker, 7, 6), { type: "VIDEO_NOT_FOUND", code: 404 });
      await assert.rejects(unlike(broker, 7, 6), { type: "VIDEO_NOT_FOUND" });
      await assert.rejects(call(broker, "favorite.like", { video_id: 1 }), { type: "NEED_LOGIN" });
      await assert.rejects(call(broker, "favorite.unlike", { video_id: 1 }), {
        type: "NEED_LOGIN",
      });
    });

    it("are counted with one query, whoever asks for how many", async (t) => {
      const broker = await node(t);
      await like(broker, 7, 1);
      let queries = 0;
      const { options } = runtimeOf(broker).database as unknown as {
        options: { logging: false | (() => void) };
      };
      options.logging = () => {
        queries += 1;
      };
      await counts(broker, 7, [1, 2, 3, 4, 5], [7, 101, 102]);
      assert.equal(queries, 1);
    });

    it("are current for who reads after writing, with the cache between", async (t) => {
      const broker = await node(t);
      const likesOf1 = async () => (await counts(broker, 0, [1], [101])).videos[0]?.favorite_count;
      for (let user = 1; user <= 5; user++) {
        assert.equal(await likesOf1(), user - 1);
        assert.equal(await likesOf1(), user - 1);
        await like(broker, user, 1);
      }
      await unlike(broker, 3, 1);
      assert.deepEqual(await counts(broker, 3, [1], [101]), {
        videos: [{ video_id: 1, favorite_count: 4, is_favorite: false }],
        users: [{ user_id: 101, total_favorited: 4, favorite_count: 0 }],
      });
    });
  });
}
