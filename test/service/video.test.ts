import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { ServiceBroker } from "moleculer";
import type { Params } from "../../contracts/actions.ts";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import config from "../../services/config/config.service.ts";
import video from "../../services/video/video.service.ts";
import { madeVideo } from "../support/made-video.ts";
import { startNode } from "../support/node.ts";
import { sha256 } from "../support/some-video.ts";
import { recordStatements } from "../support/statements.ts";
import { tempDir } from "../support/temp-dir.ts";

const folder = await tempDir({ after });
const broker = await startNode({ after }, { services: [config, video] });
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
  const upload: Params<"video.publish"> = { object, sha256: sha256(bytes), size, title };
  const { video_id } = await call(node, "video.publish", upload, by(author));
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
    const refused: Record<string, { reason: string; bytes: () => Promise<Buffer> | Buffer }> = {
      "an empty file": { reason: "NOT_A_VIDEO", bytes: () => Buffer.alloc(0) },
      "a text file": { reason: "NOT_A_VIDEO", bytes: () => Buffer.from("film ".repeat(5000)) },
      "a zip bomb": { reason: "NOT_A_VIDEO", bytes: zipBomb },
      "a playlist of other files": {
        reason: "NOT_A_VIDEO",
        bytes: () => Buffer.from("#EXTM3U\n#EXTINF:1,\nfile:/etc/passwd\n#EXT-X-ENDLIST\n"),
      },
      "a film in another container": {
        reason: "NOT_A_VIDEO",
        bytes: () => madeVideo(folder, "matroska"),
      },
      "a film that was cut off": {
        reason: "NOT_A_VIDEO",
        bytes: async () => (await madeVideo(folder, "mp4")).subarray(0, 3000),
      },
      "a film whose pictures are noise": { reason: "VIDEO_DAMAGED", bytes: damaged },
      "sound alone": { reason: "NO_VIDEO_TRACK", bytes: () => madeVideo(folder, "audio") },
      "a picture as large as a wall": {
        reason: "PICTURE_TOO_LARGE",
        bytes: () => madeVideo(folder, "wall"),
      },
      "more than an hour": { reason: "VIDEO_TOO_LONG", bytes: () => madeVideo(folder, "endless") },
    };
    for (const [name, { reason, bytes }] of Object.entries(refused))
      it(`${name} (${reason})`, async () => {
        const before = await keys();
        await assert.rejects(publish(await bytes(), { author: 4 }), { type: reason });
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
    const upload = { object: "incoming/nobody", sha256: sha256(""), size: 0, title: "x" };
    await assert.rejects(call(broker, "video.publish", upload), { type: "NEED_LOGIN" });
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

/** The shape of an archive of 100 MB of nothing. */
function zipBomb(): Buffer {
  const body = deflateRawSync(Buffer.alloc(100_000_000));
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(body.length, 18);
  header.writeUInt32LE(100_000_000, 22);
  header.writeUInt16LE(8, 26);
  return Buffer.concat([header, Buffer.from("film.mp4"), body]);
}

/** A film whose description is whole, and whose pictures are not. */
async function damaged(): Promise<Buffer> {
  const bytes = await madeVideo(folder, "mp4", 50);
  const start = bytes.indexOf("mdat") + 4;
  return Buffer.from(bytes).fill(0xff, start, bytes.indexOf("moov") - 4);
}
