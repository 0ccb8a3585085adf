import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { ServiceBroker } from "moleculer";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import config from "../../services/config/config.service.ts";
import storage from "../../services/storage/storage.service.ts";
import video from "../../services/video/video.service.ts";
import { madeVideo } from "../support/made-video.ts";
import { startNode } from "../support/node.ts";
import { people } from "../support/people.ts";
import { refusedVideos } from "../support/refused-videos.ts";
import { sha256 } from "../support/some-video.ts";
import { recordStatements } from "../support/statements.ts";
import { tempDir } from "../support/temp-dir.ts";

const folder = await tempDir({ after });
const broker = await startNode(
  { after },
  { services: [config, storage, video, people(1, 2, 4, 6, 8)] },
);
const { objects } = runtimeOf(broker);
const by = (user_id: number) => ({
  meta: { user: { user_id, username: `user${user_id}`, session_id: 1 } },
  timeout: 60_000,
});

/** Leaves bytes in the store as the gateway does, and publishes them. */
async function publish(
  bytes: Buffer,
  { author = 1, title = "a title" } = {},
  node: ServiceBroker = broker,
): Promise<number> {
  const object = `incoming/${crypto.randomUUID()}`;
  const { size } = await runtimeOf(node).objects.put(object, [bytes] as never);
  const upload = { object, sha256: sha256(bytes), size };
  const { video_id } = await call(node, "video.publish", { upload, title }, by(author));
  return video_id;
}
const keys = async () => (await Array.fromAsync(objects.list(""))).map(({ key }) => key).sort();
const works = async (user_id: number) =>
  (await call(broker, "video.works", { user_ids: [user_id] })).users[0]?.work_count;

/** What the service does every few minutes. */
const cleanUp = () =>
  (broker.getLocalService("video") as unknown as { cleanUp(): Promise<void> }).cleanUp();

describe("a video service", () => {
  it("publishes real files of each kind, and keeps no upload", async () => {
    for (const [n, kind] of (["mp4", "mov", "webm"] as const).entries()) {
      const bytes = await madeVideo(folder, kind, n);
      const video_id = await publish(bytes, { author: 2, title: `  ${kind} 喵 ` });
      const [card] = (await call(broker, "video.cards", { video_ids: [video_id] })).videos;
      const { create_ms, ...rest } = card ?? { create_ms: 0 };
      assert.deepEqual(rest, {
        video_id,
        author: 2,
        play: `/media/video/${sha256(bytes)}.${kind}`,
        cover: `/media/cover/${sha256(bytes)}.jpg`,
        title: `${kind} 喵`,
      });
      assert.ok(Math.abs(create_ms - Date.now()) < 600_000);
      assert.equal((await objects.head(`video/${sha256(bytes)}.${kind}`))?.size, bytes.length);
      assert.ok(((await objects.head(`cover/${sha256(bytes)}.jpg`))?.size ?? 0) > 500);
    }
    assert.equal(await works(2), 3);
    assert.equal(await works(3), 0);
    assert.deepEqual(
      (await keys()).filter((key) => key.startsWith("incoming/")),
      [],
    );
  });

  it("knows only those videos that exist", async () => {
    const { videos } = await call(broker, "video.cards", { video_ids: [1, 2] });
    assert.deepEqual(videos, []);
  });

  describe("refuses, and leaves nothing behind:", () => {
    for (const { name, error, bytes } of refusedVideos(folder))
      it(`${name} (${error})`, async () => {
        const before = await keys();
        await assert.rejects(publish(await bytes(), { author: 4 }), { type: error });
        assert.deepEqual(await keys(), before);
        assert.equal(await works(4), 0);
      });
  });

  it("refuses a title of nothing, one that is too long, and words that are not to be said", async () => {
    const bytes = await madeVideo(folder, "mp4", 20);
    for (const title of ["", "   ", "x".repeat(129)])
      await assert.rejects(publish(bytes, { title }), { type: "VALIDATION_ERROR" });
    await call(broker, "config.set", { key: "words.refuse", value: ["forbidden"] });
    await call(broker, "config.set", { key: "words.mask", value: ["rude"] });
    await assert.rejects(publish(bytes, { title: "a forbidden film" }), {
      type: "CONTENT_REFUSED",
    });
    const video_id = await publish(bytes, { title: "a rude film" });
    const { videos } = await call(broker, "video.cards", { video_ids: [video_id] });
    assert.equal(videos[0]?.title, "a **** film");
  });

  it("wants to know who publishes", async () => {
    const upload = { object: "incoming/nobody", sha256: sha256(""), size: 0 };
    await assert.rejects(call(broker, "video.publish", { upload, title: "x" }), {
      type: "NEED_LOGIN",
    });
  });

  it("refuses who keeps as much as one may, and counts equal bytes of one author once", async () => {
    const film = await madeVideo(folder, "mp4", 25);
    await publish(film, { author: 8 });
    await publish(film, { author: 8 });
    const usage = () => call(broker, "storage.usage", { owner: 8 });
    assert.equal((await usage()).bytes, film.length);
    await call(broker, "config.set", { key: "storage.quota_mb", value: 0 });
    const before = await keys();
    const other = await madeVideo(folder, "mp4", 26);
    await assert.rejects(publish(other, { author: 8 }), { type: "QUOTA_EXCEEDED" });
    assert.deepEqual(await keys(), before);
    assert.equal(await works(8), 2);
    await call(broker, "config.set", { key: "storage.quota_mb", value: 10_000 });
    await publish(other, { author: 8 });
  });

  it("lists nothing of who has no account", async () => {
    const before = await keys();
    const film = await madeVideo(folder, "mp4", 27);
    await assert.rejects(publish(film, { author: 999 }), { type: "USER_NOT_FOUND" });
    assert.deepEqual(await keys(), before);
  });

  it("takes known bytes without looking into them, also where there is no ffmpeg", async (t) => {
    const known = await madeVideo(folder, "mp4", 30);
    await publish(known);
    const { PATH } = process.env;
    t.after(() => {
      process.env.PATH = PATH;
    });
    process.env.PATH = folder;
    await publish(known, { author: 6 });
    assert.equal(await works(6), 1);
    process.env.PATH = PATH;
    const unknown = await madeVideo(folder, "mp4", 31);
    process.env.PATH = folder;
    await assert.rejects(publish(unknown, { author: 6 }), { type: "VIDEO_TOOLS_MISSING" });
    assert.equal(await works(6), 1);
  });

  it("finds everything by an index", async () => {
    const statements = recordStatements(runtimeOf(broker).database, [
      "videos",
      "video_contents",
      "user_work_counts",
    ]);
    const video_id = await publish(await madeVideo(folder, "mp4", 40));
    await publish(await madeVideo(folder, "mp4", 40));
    await call(broker, "video.cards", { video_ids: [video_id] });
    await works(1);
    await cleanUp();
    assert.deepEqual(await statements.indexes(), [
      "INTEGER PRIMARY KEY",
      "sqlite_autoindex_video_contents_1",
      "video_contents_state",
    ]);
  });
});
