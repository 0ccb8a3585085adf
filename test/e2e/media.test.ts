import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Room } from "../../contracts/objects.ts";
import { freePort } from "../../scripts/stack/free-port.ts";
import { isAlive } from "../support/is-alive.ts";
import { childrenOf, command, greet, publish } from "../support/rtmp.ts";
import { type Server, startServer } from "../support/server.ts";
import { type Account, ask, endShow, openShow, type Show } from "../support/show.ts";
import { waitFor } from "../support/wait-for.ts";

const scope = { after };
const rtmp = await freePort(new Set());
const server = await startServer(scope, { env: { RTMP_PORT: String(rtmp) } });

/** A show and the key that its owner gets. */
async function openStudio(): Promise<Show & { key: string }> {
  const show = await openShow(server, 0);
  return { ...show, key: await keyOf(show.liveId, show.owner) };
}

async function keyOf(liveId: number, { token }: Account): Promise<string> {
  const path = `/room/live/key?live_id=${liveId}`;
  return (await ask<{ key: string }>(server, "GET", path, undefined, token)).key;
}

async function isStreaming(liveId: number, at: Server = server): Promise<boolean> {
  const path = `/room/live/single?live_id=${liveId}`;
  return (await ask<{ room: Room }>(at, "GET", path)).room.streaming;
}

const until = (liveId: number, streaming: boolean, at: Server = server) =>
  waitFor(async () => (await isStreaming(liveId, at)) === streaming, {
    timeoutMs: 20_000,
    message: `streaming to be ${streaming}`,
  });

/** The process that takes RTMP. */
function ingestOf({ process }: Server): number {
  const [pid] = childrenOf(scope, process.child.pid as number);
  assert.ok(pid, "a process that takes RTMP");
  return pid;
}

describe("publishing", () => {
  it("is possible where the banner says", () => {
    const line = `RTMP      rtmp://127.0.0.1:${rtmp}/live\n  Data `;
    assert.ok(server.process.output().includes(line), server.process.output());
  });

  it("makes the room streaming, for everybody to see, until it ends", async (t) => {
    const { liveId, key } = await openStudio();
    assert.equal(await isStreaming(liveId), false);
    const ffmpeg = await publish(t, rtmp, key);
    await until(liveId, true);
    const { rooms } = await ask<{ rooms: Room[] }>(server, "GET", "/room/live/list");
    assert.equal(rooms.find(({ live_id }) => live_id === liveId)?.streaming, true);
    await ffmpeg.stop();
    await until(liveId, false);
  });

  it("is refused with a key that is nobody's, and with one of a show that is over", async (t) => {
    const over = await openStudio();
    await endShow(server, over);
    for (const key of ["x".repeat(32), "stream", over.key]) {
      const ffmpeg = await publish(t, rtmp, key);
      assert.equal((await ffmpeg.ended).code, 1);
      assert.match(ffmpeg.output(), /Server error: This stream key belongs to no room/);
    }
  });

  it("is refused to the second one, and the first is not disturbed", async (t) => {
    const { liveId, key } = await openStudio();
    const first = await publish(t, rtmp, key);
    await until(liveId, true);
    const second = await publish(t, rtmp, key);
    assert.equal((await second.ended).code, 1);
    assert.equal(await isStreaming(liveId), true);
    assert.equal(first.child.exitCode, null);
  });

  it("ends with the show", async (t) => {
    const show = await openStudio();
    const ffmpeg = await publish(t, rtmp, show.key);
    await until(show.liveId, true);
    await endShow(server, show);
    await ffmpeg.ended;
    assert.equal(await isStreaming(show.liveId), false);
  });
});

describe("what goes wrong with RTMP", () => {
  it("costs others nothing when it is a connection that makes no sense", async (t) => {
    const { liveId, key } = await openStudio();
    const ffmpeg = await publish(t, rtmp, key);
    await until(liveId, true);
    const ingest = ingestOf(server);
    const client = await greet(t, rtmp);
    client.send(command("connect", { app: "live", tcUrl: "no address" }));
    await client.closed;
    assert.ok(isAlive(ingest));
    assert.equal(await isStreaming(liveId), true);
    assert.equal(ffmpeg.child.exitCode, null);
    assert.equal(server.errors(), "");
  });

  it("is made good when its process is killed: nothing streams, and then again", async (t) => {
    const { liveId, key } = await openStudio();
    const first = await publish(t, rtmp, key);
    await until(liveId, true);
    process.kill(ingestOf(server), "SIGKILL");
    await until(liveId, false);
    await first.ended;
    await waitFor(
      async () => {
        const next = await publish(t, rtmp, key);
        await Promise.race([next.ended, until(liveId, true)]);
        return isStreaming(liveId);
      },
      { timeoutMs: 20_000, message: "a publisher to be taken again" },
    );
    assert.match(server.errors(), /the process that takes RTMP has died/);
  });

  it("leaves no process behind and no room streaming, however the server ends", async (t) => {
    const { liveId, key } = await openStudio();
    const ffmpeg = await publish(t, rtmp, key);
    await until(liveId, true);
    const ingest = ingestOf(server);
    await server.process.stop("SIGKILL");
    await waitFor(() => !isAlive(ingest), { message: "the process to end with its parent" });
    await ffmpeg.ended;

    const again = await server.again();
    assert.equal(await isStreaming(liveId, again), false);
    const next = ingestOf(again);
    await publish(t, rtmp, key);
    await until(liveId, true, again);
    assert.deepEqual(await again.process.stop("SIGINT"), { code: 0, signal: null });
    assert.ok(!isAlive(next));
    assert.equal(again.errors(), "");
  });
});
