import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { call } from "../../contracts/call.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import live from "../../services/live/live.service.ts";
import { startNode } from "../support/node.ts";
import { tempDir } from "../support/temp-dir.ts";

const meta = { user: { user_id: 11, username: "alice", session_id: 1 } };
const ROOM = { room_name: "show", description: "" };

/** A node with one open room, and what media nodes ask of it. */
async function start(t: TestContext, dataDir?: string) {
  const folder = dataDir ?? (await tempDir(t));
  const broker = await startNode(t, { services: [live], env: { DATA_DIR: folder } });
  const admit = (key: string, holder: string) => call(broker, "live.admitStream", { key, holder });
  const keep = async (holder: string, ...live_ids: number[]) =>
    (await call(broker, "live.keepStreams", { holder, live_ids })).live_ids;
  const end = (holder: string, ...live_ids: number[]) =>
    call(broker, "live.endStreams", { holder, live_ids });
  const streaming = async (live_id: number) =>
    (await call(broker, "live.single", { live_id })).room.streaming;
  const open = () => call(broker, "live.open", ROOM, { meta });
  const close = (live_id: number) => call(broker, "live.close", { live_id }, { meta });
  /** As if nobody had said anything for long. */
  const expire = () => runtimeOf(broker).database.query("UPDATE rooms SET stream_until = 1");
  return { broker, folder, admit, keep, end, streaming, open, close, expire };
}

describe("a stream key", () => {
  it("opens the room that it is of, and only while the show is on", async (t) => {
    const { admit, open, close } = await start(t);
    const { live_id, key } = await open();
    assert.deepEqual(await admit(key, "a"), { live_id });
    assert.deepEqual(await admit("x".repeat(32), "a"), { refused: "unknown" });
    await close(live_id);
    assert.deepEqual(await admit(key, "a"), { refused: "unknown" });
  });

  it("opens nothing for another node while one sends, and does when that one is silent", async (t) => {
    const { admit, open, keep, expire } = await start(t);
    const { live_id, key } = await open();
    await keep("a", live_id);
    assert.deepEqual(await admit(key, "b"), { refused: "taken" });
    assert.deepEqual(await admit(key, "a"), { live_id });
    await expire();
    assert.deepEqual(await admit(key, "b"), { live_id });
  });
});

describe("a room that video comes into", () => {
  it("is streaming until that ends", async (t) => {
    const { broker, open, keep, end, streaming } = await start(t);
    const { live_id } = await open();
    assert.equal(await streaming(live_id), false);
    assert.deepEqual(await keep("a", live_id), [live_id]);
    assert.equal(await streaming(live_id), true);
    const { rooms } = await call(broker, "live.list", {});
    assert.equal(rooms[0]?.streaming, true);
    await end("a", live_id);
    assert.equal(await streaming(live_id), false);
  });

  it("is not for ever, when nobody says so again", async (t) => {
    const { open, keep, streaming, expire } = await start(t);
    const { live_id } = await open();
    await keep("a", live_id);
    await expire();
    assert.equal(await streaming(live_id), false);
    await keep("a", live_id);
    assert.equal(await streaming(live_id), true);
  });

  it("belongs to one node at a time: another one neither gets nor ends it", async (t) => {
    const { open, keep, end, streaming } = await start(t);
    const { live_id } = await open();
    await keep("a", live_id);
    assert.deepEqual(await keep("b", live_id), []);
    await end("b", live_id);
    assert.equal(await streaming(live_id), true);
  });

  it("is nobody's after the show", async (t) => {
    const { open, close, keep, streaming } = await start(t);
    const { live_id } = await open();
    await keep("a", live_id);
    await close(live_id);
    assert.equal(await streaming(live_id), false);
    assert.deepEqual(await keep("a", live_id), []);
  });

  it("is not streaming after a crash of the one process that there was", async (t) => {
    const { broker, folder, open, keep } = await start(t);
    const { live_id, key } = await open();
    await keep("a", live_id);
    await broker.stop();
    const again = await start(t, folder);
    assert.equal(await again.streaming(live_id), false);
    assert.deepEqual(await again.admit(key, "b"), { live_id });
  });
});
