import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { closeCodes } from "../../contracts/close-codes.ts";
import { ProductError } from "../../contracts/errors.ts";
import { ID_EPOCH_MS } from "../../lib/ids.ts";
import { noticeEvent, ownMessageEvent } from "../../lib/sse.ts";
import { batchOf, LIVE_ID } from "../support/danmaku.ts";
import { START_MS, startHub } from "../support/hub-at-work.ts";
import { dataOf, messageIds, sseEvents } from "../support/sse-events.ts";
import { waitFor } from "../support/wait-for.ts";

const GZIP = { "Accept-Encoding": "gzip" };
/** More in a few of these than the buffers between two sockets take. */
const MUCH = noticeEvent("merged", { id: 1, count: 1, padding: "x".repeat(100_000) });
const names = (text: string) => sseEvents(text).map(({ event }) => event);
/** An id of a minute later than the test's clock. */
const FUTURE_ID = (START_MS - ID_EPOCH_MS + 60_000) * 4096;

describe("a stream", () => {
  for (const headers of [{}, GZIP])
    test(`is greeted, then gets what is said (${JSON.stringify(headers)})`, async (t) => {
      const { join, owner } = await startHub(t);
      owner.say(3);
      owner.viewers = 12;
      const stream = await join("", headers);
      assert.match(stream.head(), /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(stream.head(), /content-type: text\/event-stream/i);
      assert.match(stream.head(), /x-request-id: r1/i);
      assert.match(stream.body(), /^retry: 1\d\d\d\n\n/);
      assert.deepEqual(dataOf(stream.body(), "presence"), [{ viewers: 12 }]);
      assert.deepEqual(messageIds(stream.body()), []);
      owner.say(2);
      owner.say(1);
      await stream.until("id: 6\n");
      assert.deepEqual(messageIds(stream.body()), [4, 5, 6]);
    });

  test("is compressed only for those who take it, and if the operator allows it", async (t) => {
    const { join, hub } = await startHub(t);
    const [plain, compressed] = [await join(), await join("", GZIP)];
    assert.doesNotMatch(plain.head(), /content-encoding/i);
    assert.match(compressed.head(), /content-encoding: gzip/i);
    assert.equal(hub.stats.viewers, 2);
  });

  test("is plain when the operator has switched compression off", async (t) => {
    const { ask } = await startHub(t, { features: { compression: false } });
    const client = await ask("", GZIP);
    await client.until("event: presence");
    assert.doesNotMatch(client.text(), /content-encoding/i);
  });

  test("shows its user's own messages that nobody else sees", async (t) => {
    const { join, hub } = await startHub(t);
    const [mine, other] = [await join("user=7", GZIP), await join("user=8")];
    hub.deliver({
      ...batchOf(0, []),
      own: [{ user_id: 7, text: ownMessageEvent('{"content":"mine"}') }],
    });
    await mine.until("mine");
    assert.doesNotMatch(other.body(), /mine/);
  });

  test("that nothing is said on gets a comment now and then", async (t) => {
    const { join, pass, owner } = await startHub(t);
    const stream = await join();
    owner.say();
    await pass(14_000);
    assert.doesNotMatch(stream.body(), /^:/m);
    await pass(2_000);
    await stream.until("\n:\n\n");
  });

  test("gets its comments also after the clock stepped back", async (t) => {
    const { join, pass, setClock, owner } = await startHub(t);
    const stream = await join();
    owner.say();
    setClock(START_MS - 3_600_000);
    await pass(16_000);
    await stream.until("\n:\n\n");
  });
});

describe("a client who comes back", () => {
  test("goes on after its last event", async (t) => {
    const { join, owner, hub } = await startHub(t);
    owner.say(4);
    const stream = await join("", { "Last-Event-ID": "2" });
    await stream.until("id: 4\n");
    owner.say();
    await stream.until("id: 5\n");
    assert.deepEqual(messageIds(stream.body()), [3, 4, 5]);
    assert.equal(hub.stats.resumed, 1);
  });

  test("gets all that it missed, however much, in bounded portions", async (t) => {
    const { join, owner, passUntil } = await startHub(t);
    for (let i = 0; i < 12; i++) owner.say(1, { notices: MUCH });
    const stream = await join("last=2", GZIP);
    await passUntil(stream.until("id: 12\n"));
    assert.deepEqual(messageIds(stream.body()), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test("may name its last event in the query; the header goes before it", async (t) => {
    const { join, owner } = await startHub(t);
    owner.say(4);
    const byQuery = await join("last=2");
    const byHeader = await join("last=2", { "Last-Event-ID": "3" });
    await byQuery.until("id: 4\n");
    await byHeader.until("id: 4\n");
    assert.deepEqual(messageIds(byQuery.body()), [3, 4]);
    assert.deepEqual(messageIds(byHeader.body()), [4]);
  });

  test("after too long is told to start over, and gets what is said from now on", async (t) => {
    const { join, owner, hub } = await startHub(t, { lastId: 100 });
    owner.say(2);
    const stream = await join("", { "Last-Event-ID": "99" });
    owner.say();
    await stream.until("id: 103\n");
    assert.deepEqual(names(stream.body()), ["reset", "presence", "message"]);
    assert.deepEqual(dataOf(stream.body(), "reset"), [{ reason: "too far behind" }]);
    assert.deepEqual([hub.stats.reset, hub.stats.resumed], [1, 0]);
  });

  for (const cursor of ["abc", "-1", String(FUTURE_ID), "9007199254740991", "99999999999999999"])
    test(`with a cursor that is not ours (${cursor}) is told to start over`, async (t) => {
      const { join, owner } = await startHub(t);
      owner.say(2);
      const stream = await join("", { "Last-Event-ID": cursor });
      owner.say();
      await stream.until("id: 3\n");
      assert.deepEqual(dataOf(stream.body(), "reset"), [{ reason: "unknown cursor" }]);
      assert.deepEqual(messageIds(stream.body()), [3]);
    });

  test("and knows more than this gateway gets nothing twice", async (t) => {
    const { join, owner } = await startHub(t);
    await join();
    const stream = await join("", { "Last-Event-ID": "3" });
    owner.say(2);
    owner.say(2);
    await stream.until("id: 4\n");
    assert.deepEqual(messageIds(stream.body()), [4]);
  });
});

test("a newcomer may start with the latest messages", async (t) => {
  const { join, owner } = await startHub(t);
  owner.say(3);
  owner.say(3);
  for (const [recent, expected] of [
    [1, [6]],
    [4, [3, 4, 5, 6]],
    [100, [1, 2, 3, 4, 5, 6]],
  ] as const) {
    const stream = await join(`recent=${recent}`);
    await stream.until("id: 6\n");
    assert.deepEqual(messageIds(stream.body()), expected);
  }
});

describe("a stream is refused", () => {
  test("when the owner refuses the room", async (t) => {
    const { ask, owner, hub } = await startHub(t);
    owner.refusal = new ProductError("ROOM_NOT_FOUND");
    const client = await ask();
    await client.until("refused: ROOM_NOT_FOUND");
    assert.match(client.text(), /^HTTP\/1\.1 503/);
    assert.deepEqual([hub.stats.viewers, hub.stats.rooms], [0, 0]);
  });

  test("when there are too many", async (t) => {
    const { ask, join, hub } = await startHub(t, { hub: { max_viewers: 1 } });
    const stream = await join();
    await (await ask()).until("refused: TOO_MANY_VIEWERS");
    assert.deepEqual([hub.stats.viewers, hub.stats.accepted, hub.stats.refused], [1, 1, 1]);
    stream.client.socket.destroy();
    await waitFor(() => hub.stats.viewers === 0);
    await join();
  });

  test("when there would be too many once those on their way are in", async (t) => {
    const { ask, hub, owner } = await startHub(t, { hub: { max_viewers: 1 } });
    const delay = Promise.withResolvers<void>();
    owner.delay = delay.promise;
    const first = await ask();
    await waitFor(() => owner.watched.length === 1);
    await (await ask()).until("refused: TOO_MANY_VIEWERS");
    delay.resolve();
    await first.until("event: presence");
    assert.equal(hub.stats.viewers, 1);
  });

  test("when too many come at once", async (t) => {
    const limits = { accept_rate: 1, accept_burst: 2 };
    const { ask, join, pass } = await startHub(t, { hub: limits });
    await join();
    await join();
    await (await ask()).until("refused: TOO_MANY_VIEWERS");
    await pass(1000);
    await join();
  });

  test("once the show is over", async (t) => {
    const { ask, join, owner } = await startHub(t);
    await join();
    owner.end();
    await (await ask()).until("refused: ROOM_NOT_LIVE");
  });

  test("while the gateway goes down, also when it was admitted before", async (t) => {
    const { ask, hub, owner } = await startHub(t);
    const delay = Promise.withResolvers<void>();
    owner.delay = delay.promise;
    const early = await ask();
    await waitFor(() => owner.watched.length === 1);
    await hub.drain(0);
    delay.resolve();
    await early.until("refused: UNAVAILABLE");
    await (await ask()).until("refused: UNAVAILABLE");
    assert.equal(hub.isDraining, true);
  });
});

test("a client who hangs up while the room is fetched is no viewer", async (t) => {
  const { ask, hub, owner, passUntil, connections } = await startHub(t);
  const delay = Promise.withResolvers<void>();
  owner.delay = delay.promise;
  const client = await ask();
  await waitFor(() => owner.watched.length === 1);
  client.socket.resetAndDestroy();
  await waitFor(async () => (await connections()) === 0);
  delay.resolve();
  await passUntil(waitFor(() => owner.watched.at(-1)?.viewers === 0));
  assert.deepEqual([hub.stats.viewers, hub.stats.accepted, hub.stats.rooms], [0, 0, 0]);
});

describe("the owner of a room", () => {
  const told = (owner: { watched: { viewers: number; epoch: number }[] }) =>
    owner.watched.map(({ viewers, epoch }) => ({ viewers, epoch }));

  test("is asked once for all who come together, and told how many they are", async (t) => {
    const { ask, owner, pass, hub } = await startHub(t);
    const clients = await Promise.all([ask(), ask(), ask()]);
    for (const client of clients) await client.until("event: presence");
    assert.deepEqual(owner.watched, [{ live_id: LIVE_ID, node_id: "gw-1", viewers: 1, epoch: 0 }]);
    await pass(250);
    assert.deepEqual(told(owner).slice(1), [{ viewers: 3, epoch: 1 }]);
    assert.equal(hub.stats.rooms, 1);
    await pass(4_750);
    assert.equal(owner.watched.length, 2);
  });

  test("hears from the gateway every few seconds, also after its clock stepped back", async (t) => {
    const { join, owner, pass, setClock } = await startHub(t);
    await join();
    await pass(4_750);
    assert.equal(owner.watched.length, 1);
    await pass(250);
    assert.deepEqual(told(owner).slice(1), [{ viewers: 1, epoch: 1 }]);
    setClock(START_MS - 3_600_000);
    await pass(6_000);
    assert.ok(owner.watched.length >= 3);
  });

  test("hears when the last viewer has gone, and the room is let go", async (t) => {
    const { join, hub, owner, pass } = await startHub(t);
    const stream = await join();
    stream.client.socket.destroy();
    await waitFor(() => hub.stats.viewers === 0);
    await pass(250);
    assert.deepEqual(told(owner).at(-1), { viewers: 0, epoch: 1 }, "and need not tell its past");
    assert.equal(hub.stats.rooms, 0);
  });

  test("is asked at once when a node is lost; what another one knows fills the gap", async (t) => {
    const { join, hub, owner, pass } = await startHub(t);
    const stream = await join();
    owner.say(2);
    owner.say(1, { lost: true });
    owner.epoch = 2;
    hub.nodesChanged();
    await pass(250);
    await stream.until("id: 3\n");
    assert.deepEqual(messageIds(stream.body()), [1, 2, 3]);
    assert.deepEqual(told(owner).slice(1), [{ viewers: 1, epoch: 1 }]);
    await pass(5_000);
    assert.deepEqual(told(owner).at(-1), { viewers: 1, epoch: 2 });
  });

  test("is asked for what was lost on the way", async (t) => {
    const { join, owner } = await startHub(t);
    const stream = await join();
    owner.say(2);
    owner.say(1, { lost: true });
    owner.say(1);
    await stream.until("id: 4\n");
    assert.deepEqual(messageIds(stream.body()), [1, 2, 3, 4]);
    assert.deepEqual(owner.asked, [2]);
  });

  test("may push before its snapshot has come", async (t) => {
    const { ask, owner } = await startHub(t);
    owner.say(2);
    const delay = Promise.withResolvers<void>();
    owner.delay = delay.promise;
    const client = await ask("recent=10");
    await waitFor(() => owner.watched.length === 1);
    owner.say(2);
    owner.say(1);
    delay.resolve();
    await client.until("id: 5\n");
    assert.deepEqual(messageIds(client.text().split("\r\n\r\n")[1] ?? ""), [1, 2, 3, 4, 5]);
  });

  test("tells how many watch, and newcomers are greeted with that", async (t) => {
    const { join, hub } = await startHub(t);
    await join();
    hub.audience(LIVE_ID, 1234);
    hub.audience(LIVE_ID + 1, 1);
    const stream = await join();
    assert.deepEqual(dataOf(stream.body(), "presence"), [{ viewers: 1234 }]);
  });

  test("may push to a gateway that has no viewers of the room any more", async (t) => {
    const { hub, owner } = await startHub(t);
    owner.say();
    assert.equal(hub.stats.rooms, 0);
  });
});

describe("the end of a show", () => {
  for (const headers of [{}, GZIP])
    test(`is told, then the stream is closed (${JSON.stringify(headers)})`, async (t) => {
      const { join, owner, hub, pass } = await startHub(t);
      const stream = await join("", headers);
      owner.say();
      owner.end();
      await stream.client.closed;
      assert.deepEqual(names(stream.body()), ["presence", "message", "end"]);
      await waitFor(() => hub.stats.viewers === 0);
      await pass(250);
      assert.equal(hub.stats.rooms, 0);
    });

  test("comes after what was lost just before it", async (t) => {
    const { join, owner } = await startHub(t);
    const stream = await join();
    owner.say(1, { lost: true });
    owner.end();
    await stream.client.closed;
    assert.deepEqual(names(stream.body()), ["presence", "message", "end"]);
  });

  test("is noticed also when its news is lost, with what was lost before it", async (t) => {
    const { join, owner, pass } = await startHub(t);
    const stream = await join();
    owner.say(2, { lost: true });
    owner.refusal = new ProductError("ROOM_NOT_LIVE");
    await pass(5_000);
    await stream.client.closed;
    assert.deepEqual(messageIds(stream.body()), [1, 2]);
    assert.equal(names(stream.body()).at(-1), "end");
  });

  test("is told when the room is gone altogether", async (t) => {
    const { join, owner, pass } = await startHub(t);
    const stream = await join();
    owner.refusal = new ProductError("ROOM_NOT_FOUND");
    await pass(5_000);
    await stream.client.closed;
    assert.equal(names(stream.body()).at(-1), "end");
  });

  test("is not assumed when the owner is away for a while", async (t) => {
    const { join, owner, pass } = await startHub(t);
    const stream = await join();
    owner.refusal = new Error("timeout");
    await pass(6_000);
    owner.refusal = null;
    const calls = owner.watched.length;
    await pass(250);
    assert.equal(owner.watched.length, calls + 1, "asked again at once");
    owner.say();
    await stream.until("id: 1\n");
    assert.ok(!names(stream.body()).includes("end"));
  });

  test("waits for a viewer who reads slowly", async (t) => {
    const { join, owner, passUntil } = await startHub(t);
    const [slow, fast] = [await join(), await join()];
    slow.client.socket.pause();
    for (let i = 0; i < 150; i++) owner.say(1, { notices: MUCH });
    owner.end();
    await passUntil(fast.client.closed);
    slow.client.socket.resume();
    await passUntil(slow.client.closed);
    for (const stream of [slow, fast]) {
      assert.equal(messageIds(stream.body()).length, 150);
      assert.equal(names(stream.body()).at(-1), "end");
    }
  });
});

describe("a viewer who takes nothing", () => {
  test("is told that it is too slow and cut off, and delays nobody", async (t) => {
    const { join, owner, pass, passUntil, hub } = await startHub(t);
    const [slow, fast] = [await join(), await join()];
    slow.client.socket.pause();
    for (let i = 0; i < 150; i++) owner.say(1, { notices: MUCH });
    await pass(20_000);
    assert.equal(hub.stats.viewers, 2);
    await passUntil(waitFor(() => hub.stats.viewers === 1));
    assert.equal(hub.stats.closed[closeCodes.SLOW.code], 1);
    await passUntil(fast.until("id: 150\n"));
    assert.equal(messageIds(fast.body()).length, 150);
  });
});

describe("a gateway that goes down", () => {
  test("tells every viewer to come back, and closes the streams", async (t) => {
    const { join, hub } = await startHub(t);
    const streams = [await join(), await join("", GZIP), await join("user=7")];
    await hub.drain(0.2);
    for (const stream of streams) {
      await stream.client.closed;
      const { code, reason } = closeCodes.SHUTDOWN;
      assert.deepEqual(dataOf(stream.body(), "bye"), [{ code, reason, reconnect: true }]);
      assert.match(stream.body(), /retry: \d{4}\n\nevent: bye/);
    }
    assert.equal(hub.stats.closed[closeCodes.SHUTDOWN.code], 3);
    await waitFor(() => hub.stats.viewers === 0);
  });

  test("goes down at once when there are no viewers", async (t) => {
    const { hub } = await startHub(t);
    await hub.drain(60);
  });

  test("cuts whoever is left when it stops", async (t) => {
    const { join, hub } = await startHub(t);
    const stream = await join();
    hub.stop();
    await stream.client.closed;
  });
});
