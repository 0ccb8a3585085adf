import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import comment from "../../services/comment/comment.service.ts";
import config from "../../services/config/config.service.ts";
import { startNode } from "../support/node.ts";
import { by, videoCards } from "../support/video-cards.ts";

const videos = videoCards(5, (video_id) => 100 + video_id);
const [ANNA, BEN, AUTHOR] = [7, 8, 101];

/** What comments have to be on every database. `setUp` answers a node's environment. */
export function commentsContract(
  name: string,
  setUp: (t: TestContext) => Promise<Record<string, string>>,
): void {
  const node = async (t: TestContext) =>
    startNode(t, { services: [config, comment, videos], env: await setUp(t) });
  const say = async (broker: ServiceBroker, user: number, video_id: number, comment_text: string) =>
    (await call(broker, "comment.create", { video_id, comment_text }, by(user))).comment;
  const remove = (broker: ServiceBroker, user: number, video_id: number, comment_id: number) =>
    call(broker, "comment.remove", { video_id, comment_id }, by(user));
  const list = async (broker: ServiceBroker, video_id: number) =>
    (await call(broker, "comment.list", { video_id })).comments;
  const counts = async (broker: ServiceBroker, ...video_ids: number[]) =>
    (await call(broker, "comment.counts", { video_ids })).videos.map(
      ({ comment_count }) => comment_count,
    );

  describe(`comments: ${name}`, () => {
    it("are listed newest first and counted", async (t) => {
      const broker = await node(t);
      const before = Date.now();
      const first = await say(broker, ANNA, 1, "first");
      const second = await say(broker, BEN, 1, "二 🎉 e\u0301 '\\ :id $1 ?");
      await say(broker, BEN, 2, "elsewhere");
      assert.deepEqual(await list(broker, 1), [second, first]);
      assert.deepEqual(
        { ...first, comment_id: 0, create_ms: 0 },
        { comment_id: 0, user_id: ANNA, content: "first", create_ms: 0 },
      );
      assert.ok(first.create_ms >= before && first.create_ms <= second.create_ms);
      assert.equal(second.content, "二 🎉 e\u0301 '\\ :id $1 ?");
      assert.deepEqual(await counts(broker, 2, 3, 1), [1, 0, 2]);
    });

    it("lose the blanks at their ends, and are refused without anything else", async (t) => {
      const broker = await node(t);
      assert.equal((await say(broker, ANNA, 1, " \t hello  you \n")).content, "hello  you");
      for (const text of ["", "   ", "\n\t", "\u3000"])
        await assert.rejects(say(broker, ANNA, 1, text), { type: "VALIDATION_ERROR" });
      assert.deepEqual(await counts(broker, 1), [1]);
    });

    it("have 500 characters at most", async (t) => {
      const broker = await node(t);
      assert.equal((await say(broker, ANNA, 1, "五".repeat(500))).content.length, 500);
      for (const length of [501, 10_000])
        await assert.rejects(say(broker, ANNA, 1, "x".repeat(length)), (error: unknown) => {
          const { type, data } = error as { type: string; data: { field: string; type: string }[] };
          assert.equal(type, "VALIDATION_ERROR");
          assert.deepEqual([data[0]?.field, data[0]?.type], ["comment_text", "stringMax"]);
          return true;
        });
    });

    it("pass the word filter, which follows the configuration", async (t) => {
      const broker = await node(t);
      const words = async (key: string, value: string[]) => {
        await call(broker, "config.set", { key, value });
      };
      await words("words.refuse", ["forbidden"]);
      await words("words.mask", ["darn"]);
      await assert.rejects(say(broker, ANNA, 1, "so FORBIDDEN"), { type: "CONTENT_REFUSED" });
      assert.equal((await say(broker, ANNA, 1, "darn it")).content, "**** it");
      await words("words.refuse", []);
      assert.equal((await say(broker, ANNA, 1, "so FORBIDDEN")).content, "so FORBIDDEN");
      assert.deepEqual(await counts(broker, 1), [2]);
    });

    it("are deleted by who wrote them and by the video's author, by nobody else", async (t) => {
      const broker = await node(t);
      const [first, second] = [await say(broker, ANNA, 1, "1"), await say(broker, ANNA, 1, "2")];
      await assert.rejects(remove(broker, BEN, 1, first.comment_id), { type: "NO_COMMENT_RIGHT" });
      await assert.rejects(remove(broker, 102, 1, first.comment_id), { type: "NO_COMMENT_RIGHT" });
      await remove(broker, ANNA, 1, first.comment_id);
      await remove(broker, AUTHOR, 1, second.comment_id);
      assert.deepEqual(await list(broker, 1), []);
      assert.deepEqual(await counts(broker, 1), [0]);
    });

    it("are deleted once", async (t) => {
      const broker = await node(t);
      const { comment_id } = await say(broker, ANNA, 1, "gone");
      await say(broker, ANNA, 1, "stays");
      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, () => remove(broker, ANNA, 1, comment_id)),
      );
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      await assert.rejects(remove(broker, ANNA, 1, comment_id), { type: "COMMENT_NOT_FOUND" });
      assert.deepEqual(await counts(broker, 1), [1]);
    });

    it("are not found below another video", async (t) => {
      const broker = await node(t);
      const { comment_id } = await say(broker, ANNA, 1, "here");
      await assert.rejects(remove(broker, ANNA, 2, comment_id), { type: "COMMENT_NOT_FOUND" });
      assert.equal((await list(broker, 1)).length, 1);
    });

    it("need a video, and somebody who speaks", async (t) => {
      const broker = await node(t);
      await assert.rejects(say(broker, ANNA, 6, "hello?"), { type: "VIDEO_NOT_FOUND" });
      await assert.rejects(list(broker, 6), { type: "VIDEO_NOT_FOUND" });
      const nobody = call(broker, "comment.create", { video_id: 1, comment_text: "hello" });
      await assert.rejects(nobody, { type: "NEED_LOGIN" });
      const unnamed = call(broker, "comment.remove", { video_id: 1, comment_id: 1 });
      await assert.rejects(unnamed, { type: "NEED_LOGIN" });
    });

    it("are listed up to the newest thousand", async (t) => {
      const broker = await node(t);
      const { database } = runtimeOf(broker);
      const rows = Array.from({ length: 1_203 }, (_, n) => `(${n + 1}, 1, 101, 7, 'no. ${n + 1}')`);
      await database.query(
        `INSERT INTO comments (id, video_id, author_id, user_id, content) VALUES ${rows.join(", ")}`,
      );
      const ids = (await list(broker, 1)).map(({ comment_id }) => comment_id);
      assert.deepEqual(
        ids,
        Array.from({ length: 1_000 }, (_, n) => 1_203 - n),
      );
    });
  });
}
