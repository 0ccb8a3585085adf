import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { unlimited } from "../support/limits.ts";
import { refusedStream } from "../support/refusal.ts";
import { startServer } from "../support/server.ts";
import { endShow, openShow, request, say, sayAccepted } from "../support/show.ts";
import { type Viewer, type ViewerOptions, watch } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

const server = await startServer({ after }, { config: unlimited });
const { port } = server;

/** Idle for as long as this file takes; the last test looks at them. */
const quiet = await openShow(server, 0);
const idle = [
  await watch({ port, liveId: quiet.liveId }),
  await watch({ port, liveId: quiet.liveId, gzip: true }),
];
cleanUp({ after }, () => idle.map((viewer) => viewer.close()));

async function join(t: CleanupScope, liveId: number, more: Partial<ViewerOptions> = {}) {
  const viewer = await watch({ port, liveId, ...more });
  cleanUp(t, () => viewer.close());
  return viewer;
}

test("a stream has the headers that let events through at once, and no length", async (t) => {
  const { liveId } = await openShow(server, 0);
  const { status, headers } = await join(t, liveId);
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "text/event-stream");
  assert.equal(headers.get("cache-control"), "no-cache, no-transform");
  assert.equal(headers.get("x-accel-buffering"), "no");
  assert.equal(headers.get("access-control-allow-origin"), "*");
  assert.match(headers.get("vary") ?? "", /accept-encoding/i);
  for (const absent of ["content-length", "transfer-encoding", "content-encoding", "set-cookie"])
    assert.equal(headers.has(absent), false, absent);
});

for (const [accepts, encoding] of [
  ["gzip", "gzip"],
  ["br, gzip;q=0.5", "gzip"],
  ["*", "gzip"],
  ["gzip;q=0", undefined],
  ["br", undefined],
] as const) {
  test(`Accept-Encoding: ${accepts} gets ${encoding ?? "a plain stream"}`, async (t) => {
    const { liveId, owner } = await openShow(server, 0);
    const viewer = await join(t, liveId, { headers: { "Accept-Encoding": accepts } });
    assert.equal(viewer.headers.get("content-encoding"), encoding);
    const id = await sayAccepted(server, owner, liveId, "压缩 🗜");
    await waitFor(() => viewer.ids.includes(id));
    assert.equal(viewer.of("message")[0]?.content, "压缩 🗜");
    assert.deepEqual(viewer.faults, []);
  });
}

test("a stream begins with one retry time, which differs from viewer to viewer", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  const viewers = await Promise.all(Array.from({ length: 10 }, () => join(t, liveId)));
  const id = await sayAccepted(server, owner, liveId, "now all have begun");
  await waitFor(() => viewers.every(({ ids }) => ids.includes(id)));
  const retries = viewers.map((viewer) => viewer.retries);
  for (const times of retries) assert.equal(times.length, 1);
  assert.ok(new Set(retries.flat()).size > 1);
});

test("presence tells who comes and goes, and at most once a second", async (t) => {
  const { liveId } = await openShow(server, 0);
  const since = performance.now();
  const witness = await join(t, liveId);
  const told = () => witness.of("presence").map(({ viewers }) => viewers);
  const guests: Viewer[] = [];
  for (let n = 0; n < 30; n++) guests.push(await join(t, liveId));
  await waitFor(() => told().at(-1) === 31, { message: "31 viewers" });
  for (const guest of guests.slice(0, 20)) guest.close();
  await waitFor(() => told().at(-1) === 11, { message: "11 viewers" });
  const seconds = (performance.now() - since) / 1000;
  // One when the stream begins, one at once, then one for each second.
  assert.ok(told().length <= 2 + seconds, `${told()} in ${seconds} s`);
});

test("when the show is ended everyone is told, then the streams are closed", async (t) => {
  const show = await openShow(server, 0);
  const viewers = [await join(t, show.liveId), await join(t, show.liveId, { gzip: true })];
  const id = await sayAccepted(server, show.owner, show.liveId, "good night 晚安");
  await endShow(server, show);
  await Promise.all(viewers.map((viewer) => viewer.closed));
  for (const viewer of viewers) {
    assert.deepEqual(viewer.ids, [id], "what was said before the end came first");
    assert.equal(viewer.events.at(-1)?.name, "end");
    assert.equal(viewer.of("end").length, 1);
    assert.equal(viewer.of("bye").length, 0);
    assert.deepEqual(viewer.faults, []);
  }
});

test("a show that is over is 409 before any stream, and takes no more messages", async () => {
  const show = await openShow(server, 0);
  await endShow(server, show);
  await refusedStream("ROOM_NOT_LIVE", { port, liveId: show.liveId });
  const said = await say(server, show.owner, show.liveId, "too late");
  assert.equal(said.status, 409);
});

test("a room that does not exist is 404 before any stream", async () => {
  await refusedStream("ROOM_NOT_FOUND", { port, liveId: 1 });
});

test("a live_id that is none is 400 before any stream", async () => {
  for (const liveId of ["abc", "-1", "1.5", ""]) {
    const { body } = await refusedStream("BAD_REQUEST", { port, liveId });
    assert.equal(JSON.parse(body).data.fields[0].field, "live_id");
  }
});

test("a token that is none is 401 before any stream, also where guests may watch", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  await refusedStream("TOKEN_INVALID", { port, liveId, query: { token: "nonsense" } });
  await join(t, liveId, { query: { token: owner.token } });
});

test("a client of HTTP/1.0 can watch too", async (t) => {
  const { liveId, owner } = await openShow(server, 0);
  const viewer = await join(t, liveId, { http: "1.0" });
  const id = await sayAccepted(server, owner, liveId, "hello 1996");
  await waitFor(() => viewer.ids.includes(id));
  assert.deepEqual(viewer.faults, []);
});

test("HEAD of a stream is not allowed: there is nothing that it could tell", async () => {
  const { liveId } = await openShow(server, 0);
  const answer = await fetch(`${server.url}/message/live?live_id=${liveId}`, { method: "HEAD" });
  assert.equal(answer.status, 405);
  assert.deepEqual(answer.headers.get("allow")?.split(", ").toSorted(), ["GET", "POST"]);
});

test("a viewer that hangs up is no longer counted", async (t) => {
  const { liveId } = await openShow(server, 0);
  const viewers = [await join(t, liveId), await join(t, liveId)];
  const count = async () => {
    const { body } = await request(server, "GET", `/room/live/single?live_id=${liveId}`);
    return (body.room as { viewers: number }).viewers;
  };
  await waitFor(async () => (await count()) === 2, { message: "two viewers" });
  for (const viewer of viewers) viewer.close();
  await waitFor(async () => (await count()) === 0, { message: "no viewers" });
});

test("an idle stream is kept alive by a comment", async () => {
  const others = (viewer: Viewer) => viewer.events.filter(({ name }) => name !== "presence");
  await waitFor(() => idle.every(({ comments }) => comments.length > 0), {
    timeoutMs: 25_000,
    message: "a comment on the idle streams",
  });
  for (const viewer of idle) {
    assert.deepEqual(others(viewer), []);
    assert.deepEqual(viewer.faults, []);
    assert.equal(viewer.isClosed, false);
  }
});
