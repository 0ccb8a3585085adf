import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { bye, closeCodes } from "../../contracts/close-codes.ts";
import { errors } from "../../contracts/errors.ts";
import { messageEvent, noticeEvent, retryField } from "../../lib/sse.ts";
import { ApiError, UnreachableError } from "../../scripts/lib/live-api.ts";
import { backoff, followRoom, type StreamNews } from "../../scripts/lib/room-stream.ts";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";

type Answer = (res: ServerResponse, req: IncomingMessage) => void;

/** A server that answers the first stream by the first answer, and so on. */
async function serverOf(t: CleanupScope, answers: Answer[]) {
  const requests: { url: string; cursor: string | undefined }[] = [];
  const server = createServer((req, res) => {
    const cursor = req.headers["last-event-id"] as string | undefined;
    requests.push({ url: req.url ?? "", cursor });
    const answer = answers[requests.length - 1];
    if (answer === undefined) res.destroy();
    else answer(res, req);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const QUICKLY = retryField(5);
const END = noticeEvent("end", {});
const stream =
  (...parts: string[]): Answer =>
  (res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    for (const part of parts) res.write(part);
    res.end();
  };
const refusal =
  (name: keyof typeof errors, headers: Record<string, string> = {}): Answer =>
  (res) => {
    const { status, live, message } = errors[name];
    const body = { base_resp: { status_code: live, status_msg: message }, data: null };
    res.writeHead(status, { "Content-Type": "application/json", ...headers });
    res.end(JSON.stringify(body));
  };
const danmaku = (id: number) => messageEvent(id, `{"id":${id}}`);

async function follow(
  base: string,
  { recent, signal = new AbortController().signal }: { recent?: number; signal?: AbortSignal } = {},
  onNews: (news: StreamNews) => void = () => {},
): Promise<string[]> {
  const seen: string[] = [];
  const options = { base, liveId: 42, signal, random: () => 0.5 };
  for await (const news of followRoom({
    ...options,
    ...(recent === undefined ? {} : { recent }),
  })) {
    onNews(news);
    if (news.kind === "event") seen.push(news.event.id ?? news.event.event);
    else seen.push(`<${news.kind}>`);
  }
  return seen;
}

test("a viewer who is cut off comes back and resumes after the last message", async (t) => {
  const { base, requests } = await serverOf(t, [
    stream(QUICKLY, danmaku(7), danmaku(8)),
    stream(QUICKLY, danmaku(9), END),
  ]);
  const seen = await follow(base, { recent: 20 });
  assert.deepEqual(seen, ["<open>", "7", "8", "<lost>", "<open>", "9", "end", "<over>"]);
  assert.deepEqual(requests, [
    { url: "/message/live?live_id=42&recent=20", cursor: undefined },
    { url: "/message/live?live_id=42", cursor: "8" },
  ]);
});

test("messages that come again after a resume are told once", async (t) => {
  const { base } = await serverOf(t, [
    stream(QUICKLY, danmaku(7), danmaku(8)),
    stream(danmaku(7), danmaku(8), danmaku(9), END),
  ]);
  const seen = await follow(base);
  assert.deepEqual(
    seen.filter((text) => /^\d+$/.test(text)),
    ["7", "8", "9"],
  );
});

test("a viewer comes back after the time that the server asked for", async (t) => {
  const { base } = await serverOf(t, [stream(retryField(37), danmaku(7)), stream(END)]);
  const waits: number[] = [];
  await follow(base, {}, (news) => news.kind === "lost" && waits.push(news.waitMs));
  assert.deepEqual(waits, [37]);
});

test("a viewer who is told to come back says why it was away", async (t) => {
  const word = noticeEvent("bye", bye("SHUTDOWN"));
  const { base } = await serverOf(t, [stream(QUICKLY, word), stream(END)]);
  const reasons: string[] = [];
  await follow(base, {}, (news) => news.kind === "lost" && reasons.push(news.reason));
  assert.deepEqual(reasons, [closeCodes.SHUTDOWN.reason]);
});

test("a viewer who is told not to come back stays away", async (t) => {
  const word = noticeEvent("bye", bye("NOT_ALLOWED"));
  const { base, requests } = await serverOf(t, [stream(QUICKLY, word)]);
  assert.deepEqual(await follow(base), ["<open>", "bye", "<over>"]);
  assert.equal(requests.length, 1);
});

test("a viewer whom a full gateway refuses waits as long as it says", async (t) => {
  const { base } = await serverOf(t, [
    refusal("TOO_MANY_VIEWERS", { "Retry-After": "0" }),
    stream(END),
  ]);
  const waits: number[] = [];
  const seen = await follow(base, {}, (news) => news.kind === "lost" && waits.push(news.waitMs));
  assert.deepEqual(seen, ["<lost>", "<open>", "end", "<over>"]);
  assert.deepEqual(waits, [0]);
});

test("after a reset the viewer starts anew with the recent messages", async (t) => {
  const { base, requests } = await serverOf(t, [
    stream(QUICKLY, danmaku(7)),
    stream(noticeEvent("reset", { reason: "too far behind" }), danmaku(99)),
    stream(danmaku(98), danmaku(99), END),
  ]);
  const seen = await follow(base, { recent: 2 });
  assert.deepEqual(
    seen.filter((text) => !text.startsWith("<")),
    ["7", "reset", "98", "99", "end"],
  );
  assert.deepEqual(
    requests.map(({ cursor }) => cursor),
    [undefined, "7", undefined],
  );
  assert.equal(requests[2]?.url, "/message/live?live_id=42&recent=2");
});

test("a viewer who wants no recent messages goes on after a reset", async (t) => {
  const { base, requests } = await serverOf(t, [
    stream(QUICKLY, danmaku(7)),
    stream(noticeEvent("reset", { reason: "too far behind" }), danmaku(99), END),
  ]);
  const seen = await follow(base);
  assert.deepEqual(
    seen.filter((text) => !text.startsWith("<")),
    ["7", "reset", "99", "end"],
  );
  assert.equal(requests.length, 2);
});

test("a room that is not there is an error, not a reason to try again", async (t) => {
  const { base, requests } = await serverOf(t, [refusal("ROOM_NOT_FOUND")]);
  await assert.rejects(
    follow(base),
    (error) => error instanceof ApiError && error.is("ROOM_NOT_FOUND"),
  );
  assert.equal(requests.length, 1);
});

test("a room that has ended while the viewer was away is an error", async (t) => {
  const { base } = await serverOf(t, [stream(QUICKLY, danmaku(7)), refusal("ROOM_NOT_LIVE")]);
  await assert.rejects(
    follow(base),
    (error) => error instanceof ApiError && error.is("ROOM_NOT_LIVE"),
  );
});

test("a server that was never there is an error, one that has gone is waited for", async (t) => {
  const { base } = await serverOf(t, [
    (res) => res.destroy(),
    stream(QUICKLY, danmaku(7)),
    (res) => res.destroy(),
    stream(END),
  ]);
  await assert.rejects(follow(base), UnreachableError);
  const seen = await follow(base);
  assert.deepEqual(seen, ["<open>", "7", "<lost>", "<lost>", "<open>", "end", "<over>"]);
});

test("an answer by somebody else is no stream", async (t) => {
  const { base } = await serverOf(t, [(res) => res.end("<h1>hello</h1>")]);
  await assert.rejects(follow(base), /something else answers there, with HTTP 200/);
});

test("a viewer who leaves hangs up", async (t) => {
  const leaving = new AbortController();
  const hungUp = Promise.withResolvers<void>();
  const { base } = await serverOf(t, [
    (res) => {
      res.on("close", hungUp.resolve);
      res.writeHead(200, { "Content-Type": "text/event-stream" }).write(danmaku(7));
    },
  ]);
  const seen = await follow(base, { signal: leaving.signal }, (news) => {
    if (news.kind === "event") leaving.abort();
  });
  await hungUp.promise;
  assert.deepEqual(seen, ["<open>", "7"]);
});

test("failures in a row are answered with growing waits that differ from client to client", () => {
  const waits = (random: number) => [0, 1, 2, 3, 20].map((n) => backoff(1_000, n, () => random));
  assert.deepEqual(waits(0), [1_000, 1_000, 2_000, 4_000, 15_000]);
  assert.deepEqual(waits(0.999_999), [1_000, 2_000, 4_000, 8_000, 30_000]);
});
