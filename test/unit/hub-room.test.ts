import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { noticeEvent, ownMessageEvent } from "../../lib/sse.ts";
import { HubRoom } from "../../services/api/hub/hub-room.ts";
import { BEHIND, type Viewer } from "../../services/api/hub/viewer.ts";
import { batchOf, LIVE_ID } from "../support/danmaku.ts";
import { type FakeViewer, joinRoom } from "../support/fake-socket.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { dataOf, messageIds, sseEvents } from "../support/sse-events.ts";

/** Three sections, the first two of four slices each. */
const CROWD = 1100;
const CATCH_UP_BYTES = 256 * 1024;

/** A room, and what it told its hub. */
function openRoom(lastId = 0) {
  const behind = new Set<Viewer>();
  const told = { resets: 0, finished: 0 };
  const room = new HubRoom(LIVE_ID, lastId, {
    behind: (viewer) => behind.add(viewer),
    reset: () => told.resets++,
    finished: () => told.finished++,
  });
  return {
    room,
    behind,
    told,
    join: (options: { cursor?: number; gzip?: boolean; userId?: number } = {}) => {
      const joined = joinRoom(room, options.cursor ?? room.lastId, options);
      if (joined.viewer.seq === BEHIND) behind.add(joined.viewer);
      return joined;
    },
    /** Delivers messages with the next ids, one apart. */
    say(count = 1, different: Parameters<typeof batchOf>[2] = {}): number[] {
      const ids = Array.from({ length: count }, (_, i) => room.lastId + 1 + i);
      room.deliver(batchOf(room.lastId, ids, different));
      return ids;
    },
    /** What the hub does now and then. */
    care() {
      for (const viewer of behind) {
        if (viewer.index === -1) behind.delete(viewer);
        else if (viewer.socket.writableLength === 0 && room.catchUp(viewer)) behind.delete(viewer);
      }
    },
  };
}

const crowdOf = (count: number, { join }: ReturnType<typeof openRoom>) =>
  Array.from({ length: count }, () => join());
const idsOf = ({ text }: FakeViewer) => messageIds(text());
const namesOf = ({ text }: FakeViewer) => sseEvents(text()).map(({ event }) => event);

/** Waits until every pass is over. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn();
}

describe("a batch", () => {
  test("is one write to each viewer", () => {
    const hub = openRoom();
    const viewers = crowdOf(3, hub);
    hub.say(5, { notices: noticeEvent("presence", { viewers: 3 }) });
    for (const one of viewers) {
      assert.deepEqual(idsOf(one), [1, 2, 3, 4, 5]);
      assert.deepEqual(dataOf(one.text(), "presence"), [{ viewers: 3 }]);
      assert.equal(one.socket.writes, 1);
    }
  });

  test("joins what waits for those who were not written yet, in one write", async () => {
    const hub = openRoom();
    const viewers = crowdOf(CROWD, hub);
    hub.say();
    hub.say();
    hub.room.notify(noticeEvent("presence", { viewers: 1 }));
    hub.say(2);
    await quiet();
    for (const one of viewers) {
      assert.deepEqual(namesOf(one), ["message", "message", "presence", "message", "message"]);
    }
    const writes = viewers.map(({ socket }) => socket.writes);
    assert.deepEqual(writes, [...Array(500).fill(2), ...Array(600).fill(1)]);
  });

  test("reaches sections in turn, however much comes", async () => {
    const hub = openRoom();
    const viewers = crowdOf(CROWD, hub);
    for (let i = 0; i < 30; i++) {
      hub.say();
      await turn();
    }
    await quiet();
    for (const one of viewers) assert.equal(idsOf(one).length, 30);
    const writes = [0, 600, 1050].map((i) => viewers[i]?.socket.writes ?? 0);
    // A round has nine slices, and one is written in each turn.
    for (const count of writes) assert.ok(count >= 3 && count <= 5, `${writes}`);
  });

  test("is compressed for each section after what that was sent", async () => {
    const hub = openRoom();
    const viewers = Array.from({ length: CROWD }, () => hub.join({ gzip: true }));
    for (let i = 0; i < 30; i++) {
      hub.say();
      if (i % 4 !== 0) await turn();
      if (i % 10 === 5) viewers.splice(i * 30, 1)[0]?.leave();
      if (i % 10 === 7) viewers.push(hub.join({ gzip: true, cursor: 0 }));
    }
    await quiet();
    const everything = Array.from({ length: 30 }, (_, i) => i + 1);
    for (const one of viewers) assert.deepEqual(idsOf(one), everything);
  });

  test("that comes between two passes is not lost, even if the room has become small", async () => {
    const hub = openRoom();
    const viewers = crowdOf(1001, hub);
    hub.say();
    hub.say();
    // Runs after the end of the first pass, and before the second one begins.
    await turn();
    viewers.pop()?.leave();
    hub.say();
    await quiet();
    for (const one of viewers) assert.deepEqual(idsOf(one), [1, 2, 3]);
  });

  test("without text is not written", () => {
    const hub = openRoom();
    const viewer = hub.join();
    hub.room.deliver(batchOf(0, []));
    assert.equal(viewer.socket.writes, 0);
  });
});

describe("a viewer who leaves while a batch is written", () => {
  test("makes nobody miss it or get it twice", async () => {
    const hub = openRoom();
    const viewers = crowdOf(2500, hub);
    hub.say();
    const gone = [0, 1, 500, 999, 1000, 1001, 1700, 2498, 2499];
    for (const i of gone) viewers[i]?.leave();
    assert.equal(hub.room.size, 2500 - gone.length);
    await turn();
    for (const i of [3, 1500, 2300]) viewers[i]?.leave();
    hub.say();
    await quiet();
    const left = new Set([...gone, 3, 1500, 2300]);
    for (const [i, one] of viewers.entries())
      if (!left.has(i)) assert.deepEqual(idsOf(one), [1, 2], `viewer ${i}`);
    assert.equal(hub.room.size, 2500 - left.size);
    assert.equal([...hub.room.all()].length, hub.room.size);
  });

  test("may leave twice", () => {
    const hub = openRoom();
    const [one, other] = [hub.join(), hub.join()];
    one.leave();
    one.leave();
    assert.equal(hub.room.size, 1);
    hub.say();
    assert.deepEqual([idsOf(one), idsOf(other)], [[], [1]]);
  });
});

describe("a viewer who comes while a batch is written", () => {
  test("gets everything after its cursor once", async () => {
    const hub = openRoom();
    crowdOf(CROWD, hub);
    hub.say();
    hub.say();
    const [live, earlier] = [hub.join(), hub.join({ cursor: 0 })];
    hub.say();
    await turn();
    const later = hub.join({ cursor: 1, gzip: true });
    hub.say();
    await quiet();
    assert.deepEqual(
      [idsOf(live), idsOf(earlier), idsOf(later)],
      [
        [3, 4],
        [1, 2, 3, 4],
        [2, 3, 4],
      ],
    );
  });

  test("gets it compressed if it is the first who wants that", async () => {
    const hub = openRoom();
    crowdOf(CROWD, hub);
    hub.say();
    const viewer = hub.join({ gzip: true });
    hub.say();
    hub.say();
    await quiet();
    assert.deepEqual(idsOf(viewer), [2, 3]);
  });
});

describe("a viewer whose socket is full", () => {
  test("holds one write, and gets the rest in order when it reads again", () => {
    const hub = openRoom();
    const [slow, fast] = [hub.join(), hub.join()];
    slow.socket.stalled = true;
    for (let i = 0; i < 300; i++) hub.say(3);
    assert.equal(slow.socket.writes, 1);
    assert.equal(fast.socket.writes, 300);
    assert.deepEqual([...hub.behind], [slow.viewer]);

    slow.socket.resumeReading();
    hub.care();
    hub.say();
    assert.deepEqual(idsOf(slow), idsOf(fast));
    assert.equal(hub.behind.size, 0);
  });

  test("is caught up by the next batch, if that comes before the hub looks", () => {
    const hub = openRoom();
    const slow = hub.join();
    slow.socket.stalled = true;
    hub.say();
    hub.say();
    slow.socket.resumeReading();
    hub.say();
    hub.care();
    hub.say();
    assert.deepEqual(idsOf(slow), [1, 2, 3, 4]);
  });

  test("is sent a bounded part of what it missed at once", () => {
    const hub = openRoom();
    const slow = hub.join();
    slow.socket.stalled = true;
    hub.say();
    const long = noticeEvent("merged", { id: 1, count: 1, padding: "x".repeat(60_000) });
    for (let i = 0; i < 20; i++) hub.say(1, { notices: long });
    slow.socket.resumeReading();
    let rounds = 0;
    for (; hub.behind.size > 0; rounds++) {
      slow.socket.stalled = true;
      slow.socket.peak = 0;
      hub.care();
      assert.ok(slow.socket.peak <= CATCH_UP_BYTES + 61_000, `${slow.socket.peak}`);
      slow.socket.resumeReading();
    }
    assert.ok(rounds >= 4);
    assert.deepEqual(
      idsOf(slow),
      Array.from({ length: 21 }, (_, i) => i + 1),
    );
  });

  test("is told to start over when it has missed more than is kept", () => {
    const hub = openRoom();
    const slow = hub.join();
    slow.socket.stalled = true;
    for (let i = 0; i < 150; i++) hub.say(10);
    slow.socket.resumeReading();
    hub.care();
    hub.say();
    assert.deepEqual(namesOf(slow).slice(10), ["reset", "message"]);
    assert.deepEqual(idsOf(slow).at(-1), 1501);
    assert.equal(hub.told.resets, 1);
    assert.equal(hub.behind.size, 0);
  });
});

describe("a newcomer", () => {
  test("resumes after any cursor, also one inside a batch", () => {
    const hub = openRoom();
    hub.say(4);
    hub.say(4);
    for (let cursor = 0; cursor <= 8; cursor++)
      for (const gzip of [false, true]) {
        const viewer = hub.join({ cursor, gzip });
        const expected = [1, 2, 3, 4, 5, 6, 7, 8].filter((id) => id > cursor);
        assert.deepEqual(idsOf(viewer), expected);
      }
  });

  test("who knows more than this gateway gets nothing twice", () => {
    const hub = openRoom();
    hub.say(2);
    const ahead = hub.join({ cursor: 5 });
    const farAhead = hub.join({ cursor: 8, gzip: true });
    hub.say(2);
    hub.say(3);
    hub.say(2);
    assert.deepEqual(idsOf(ahead), [6, 7, 8, 9]);
    assert.deepEqual(idsOf(farAhead), [9]);
  });

  test("may begin with the last few messages", () => {
    const hub = openRoom();
    hub.say(4);
    hub.say(4);
    const viewer = hub.join({ cursor: hub.room.cursorBefore(6) });
    assert.deepEqual(idsOf(viewer), [3, 4, 5, 6, 7, 8]);
    assert.deepEqual([hub.room.reaches(0), hub.room.reaches(99)], [true, true]);
  });
});

describe("what only its sender sees", () => {
  const own = (user_id: number) => [{ user_id, text: ownMessageEvent('{"content":"mine"}') }];
  const ownOf = ({ text }: FakeViewer) => dataOf(text(), "message");

  test("is written to all streams of that user and to nobody else's", () => {
    const hub = openRoom();
    const mine = [hub.join({ userId: 7 }), hub.join({ userId: 7, gzip: true })];
    const others = [hub.join({ userId: 8 }), hub.join()];
    hub.room.deliver({ ...batchOf(0, []), own: own(7) });
    for (const one of mine) {
      assert.deepEqual(ownOf(one), [{ content: "mine" }]);
      assert.deepEqual(idsOf(one), [], "and is no cursor");
    }
    for (const one of others) assert.equal(one.text(), "");
  });

  test("does not keep a compressed stream from going on", () => {
    const hub = openRoom();
    const [mine, other] = [hub.join({ userId: 7, gzip: true }), hub.join({ gzip: true })];
    for (let i = 0; i < 20; i++) hub.say(2, i % 3 === 0 ? { own: own(7) } : {});
    assert.deepEqual(idsOf(mine), idsOf(other));
    assert.equal(idsOf(mine).length, 40);
  });

  test("is dropped where it would have to wait", () => {
    const hub = openRoom();
    const mine = hub.join({ userId: 7 });
    mine.socket.stalled = true;
    for (let i = 0; i < 100; i++) hub.room.deliver({ ...batchOf(0, []), own: own(7) });
    assert.equal(mine.socket.writes, 1);
  });

  test("finds nobody after the user has left", () => {
    const hub = openRoom();
    const [one, other] = [hub.join({ userId: 7 }), hub.join({ userId: 7 })];
    one.leave();
    hub.room.deliver({ ...batchOf(0, []), own: own(7) });
    other.leave();
    hub.room.deliver({ ...batchOf(0, []), own: own(7) });
    assert.deepEqual([ownOf(one).length, ownOf(other).length], [0, 1]);
  });
});

describe("a room that lost messages for good", () => {
  test("tells everyone to start over, and goes on after the hole", () => {
    const hub = openRoom();
    const [live, slow] = [hub.join(), hub.join()];
    slow.socket.stalled = true;
    hub.say();
    hub.say();
    hub.room.restart(50);
    hub.say();
    slow.socket.resumeReading();
    hub.care();
    hub.say();
    assert.deepEqual(namesOf(live), ["message", "message", "reset", "message", "message"]);
    assert.deepEqual(idsOf(live), [1, 2, 51, 52]);
    assert.deepEqual(namesOf(slow), ["message", "reset", "message"]);
    assert.deepEqual(idsOf(slow), [1, 52]);
  });

  test("lets nobody resume from before the hole", () => {
    const hub = openRoom();
    hub.say(5);
    hub.room.restart(50);
    assert.deepEqual([hub.room.reaches(5), hub.room.reaches(50)], [false, true]);
  });
});

describe("the end of a show", () => {
  test("is everyone's last event, and told to the hub when all have it", async () => {
    const hub = openRoom();
    const viewers = crowdOf(CROWD, hub);
    hub.say();
    hub.room.end();
    assert.equal(hub.told.finished, 0);
    await quiet();
    hub.say();
    hub.room.notify(noticeEvent("presence", { viewers: 1 }));
    hub.room.restart(50);
    hub.room.end();
    await quiet();
    for (const one of viewers) assert.deepEqual(namesOf(one), ["message", "end"]);
    assert.equal(hub.told.finished, 1);
    assert.equal(hub.room.ended, true);
  });

  test("comes at once in a room without viewers", () => {
    const hub = openRoom();
    hub.room.end();
    assert.equal(hub.told.finished, 1);
  });

  test("comes to a viewer who is behind after all that it missed", () => {
    const hub = openRoom();
    const slow = hub.join();
    slow.socket.stalled = true;
    hub.say();
    hub.say(3);
    hub.room.end();
    assert.equal(slow.viewer.seq, BEHIND);
    slow.socket.resumeReading();
    hub.care();
    assert.deepEqual(namesOf(slow), ["message", "message", "message", "message", "end"]);
    hub.room.catchUp(slow.viewer);
    assert.equal(namesOf(slow).length, 5, "once");
  });

  test("comes to a viewer who was behind and reads again just then", () => {
    const hub = openRoom();
    const slow = hub.join();
    slow.socket.stalled = true;
    hub.say();
    hub.say();
    slow.socket.resumeReading();
    hub.room.end();
    hub.care();
    assert.deepEqual(namesOf(slow), ["message", "message", "end"]);
  });

  test("comes to a viewer who is caught up while it is being told", async () => {
    const hub = openRoom();
    const viewers = crowdOf(CROWD, hub);
    const slow = viewers.at(-1) as FakeViewer;
    slow.socket.stalled = true;
    hub.say();
    await quiet();
    hub.say();
    await quiet();
    hub.room.end();
    slow.socket.resumeReading();
    hub.care();
    await quiet();
    assert.deepEqual(namesOf(slow), ["message", "message", "end"]);
  });

  test("comes after a reset to a viewer who missed too much", () => {
    const hub = openRoom();
    const slow = hub.join();
    slow.socket.stalled = true;
    for (let i = 0; i < 150; i++) hub.say(10);
    hub.room.end();
    slow.socket.resumeReading();
    hub.care();
    assert.deepEqual(namesOf(slow).slice(10), ["reset", "end"]);
  });
});

describe("whatever viewers do", () => {
  /** Somebody who is checked in the end; `cursor` is where it began. */
  type Tracked = FakeViewer & { cursor: number; left: boolean };
  const IDS_PER_ROUND = 3;

  async function play(seed: number): Promise<void> {
    const random = seededRandom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const hub = openRoom();
    const crowd = crowdOf(CROWD, hub);
    const tracked: Tracked[] = [];
    const anyone = () => tracked[below(tracked.length)];

    const moves: (() => unknown)[] = [
      () => hub.say(1 + below(IDS_PER_ROUND)),
      () => hub.say(1 + below(IDS_PER_ROUND), { notices: noticeEvent("presence", { viewers: 1 }) }),
      () => hub.room.notify(noticeEvent("presence", { viewers: 2 })),
      () => {
        const own = [{ user_id: 1 + below(3), text: ownMessageEvent("{}") }];
        hub.room.deliver({ ...batchOf(hub.room.lastId, []), own });
      },
      () => {
        // Now and then one who has been told more by another gateway.
        const cursor = Math.max(0, hub.room.lastId + 4 - below(12));
        const joined = hub.join({ cursor, gzip: random() < 0.5, userId: below(4) });
        tracked.push({ ...joined, cursor, left: false });
      },
      () => {
        const one = anyone();
        one?.leave();
        if (one) one.left = true;
      },
      () => crowd.splice(below(crowd.length), 1)[0]?.leave(),
      () => crowd.push(hub.join()),
      () => {
        const socket = anyone()?.socket;
        if (socket) socket.stalled = true;
      },
      () => anyone()?.socket.resumeReading(),
      () => hub.care(),
      () => turn(),
      () => turn(),
    ];
    for (let i = 0; i < 150; i++) await moves[below(moves.length)]?.();

    for (const { socket } of tracked) socket.resumeReading();
    await quiet();
    hub.care();
    // Those who know more than this gateway have seen it all by now.
    for (let i = 0; i < 4; i++) hub.say();
    await quiet();
    hub.room.end();
    await quiet();
    hub.care();

    const last = hub.room.lastId;
    for (const one of tracked) {
      const ids = idsOf(one);
      const expected = Array.from({ length: last - one.cursor }, (_, i) => one.cursor + 1 + i);
      assert.deepEqual(ids, one.left ? expected.slice(0, ids.length) : expected);
      if (one.left) continue;
      assert.equal(namesOf(one).at(-1), "end");
      assert.equal(namesOf(one).filter((name) => name === "end").length, 1);
    }
    const everyone = crowd[0] as FakeViewer;
    assert.deepEqual(
      idsOf(everyone),
      Array.from({ length: last }, (_, i) => i + 1),
    );
    assert.equal(hub.told.resets, 0);
    assert.equal(hub.behind.size, 0);
  }

  test("everyone gets every message after its cursor once and in order, and the end", async () => {
    await fc.assert(fc.asyncProperty(fc.integer(), play), { numRuns: 40 });
  });
});
