import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import type { PushBatch } from "../../contracts/events.ts";
import { noticeEvent } from "../../lib/sse.ts";
import { HubRoom } from "../../services/api/hub/hub-room.ts";
import { Inbox } from "../../services/api/hub/inbox.ts";
import { batchOf, LIVE_ID } from "../support/danmaku.ts";
import { joinRoom } from "../support/fake-socket.ts";
import { dataOf, messageIds, sseEvents } from "../support/sse-events.ts";

type Answer = PushBatch[] | null;

/** An inbox whose room has one viewer, and an owner whose answers the test gives. */
function inboxAfter(lastId: number) {
  const room = new HubRoom(LIVE_ID, lastId, {
    behind() {},
    reset() {},
    finished() {},
  });
  const { text } = joinRoom(room, lastId);
  const asked: { after: number; answer: PromiseWithResolvers<Answer> }[] = [];
  const inbox = new Inbox(room, (after) => {
    const answer = Promise.withResolvers<Answer>();
    asked.push({ after, answer });
    return answer.promise;
  });
  return {
    room,
    inbox,
    text,
    asked,
    seen: () => messageIds(text()),
    names: () => sseEvents(text()).map(({ event }) => event),
    async answer(batches: Answer, which = asked.length - 1) {
      asked[which]?.answer.resolve(batches);
      await turn();
    },
    async fail(which = asked.length - 1) {
      asked[which]?.answer.reject(new Error("the owner is away"));
      await turn();
    },
  };
}

const presence = (viewers: number) => ({ notices: noticeEvent("presence", { viewers }) });

describe("batches that follow each other", () => {
  test("are delivered as they come", () => {
    const { inbox, seen, asked } = inboxAfter(2);
    inbox.accept(batchOf(2, [3, 4]));
    inbox.accept(batchOf(4, [7]));
    assert.deepEqual(seen(), [3, 4, 7]);
    assert.equal(asked.length, 0);
  });

  test("are delivered once, also when they come again", () => {
    const { inbox, seen } = inboxAfter(2);
    for (const _ of [1, 2]) {
      inbox.accept(batchOf(2, [3, 4]));
      inbox.accept(batchOf(4, [7]));
    }
    assert.deepEqual(seen(), [3, 4, 7]);
  });

  test("are cut where they overlap with what is known", () => {
    const { inbox, seen, text } = inboxAfter(2);
    inbox.accept(batchOf(2, [3, 5]));
    inbox.accept(batchOf(3, [5, 15, 25], presence(4)));
    assert.deepEqual(seen(), [3, 5, 15, 25]);
    assert.deepEqual(dataOf(text(), "presence"), [{ viewers: 4 }]);
  });

  test("may bring notices alone", () => {
    const { inbox, text } = inboxAfter(2);
    inbox.accept(batchOf(2, [], presence(4)));
    assert.deepEqual(dataOf(text(), "presence"), [{ viewers: 4 }]);
  });

  test("need not begin where a message is", () => {
    // Another owner's batches are cut elsewhere.
    const { inbox, seen } = inboxAfter(4);
    inbox.accept(batchOf(1, [3, 5]));
    assert.deepEqual(seen(), [5]);
  });
});

describe("a hole", () => {
  test("is filled before what comes after it is delivered", async () => {
    const { inbox, seen, asked, answer } = inboxAfter(2);
    inbox.accept(batchOf(3, [4]));
    inbox.accept(batchOf(4, [5]));
    assert.deepEqual(seen(), []);
    assert.deepEqual(
      asked.map(({ after }) => after),
      [2],
    );
    await answer([batchOf(2, [3]), batchOf(3, [4])]);
    assert.deepEqual(seen(), [3, 4, 5]);
  });

  test("is also seen by a batch of notices alone", async () => {
    const { inbox, seen, text, answer } = inboxAfter(2);
    inbox.accept(batchOf(3, [], presence(4)));
    assert.equal(text(), "");
    await answer([batchOf(2, [3])]);
    assert.deepEqual(seen(), [3]);
    assert.deepEqual(dataOf(text(), "presence"), [{ viewers: 4 }]);
  });

  test("that the owner cannot fill makes everyone start over", async () => {
    const { inbox, names, seen, room, answer } = inboxAfter(2);
    inbox.accept(batchOf(30, [31]));
    await answer(null);
    assert.deepEqual(names(), ["reset", "message"]);
    assert.deepEqual(seen(), [31]);
    assert.equal(room.lastId, 31);
  });

  test("that a stale owner answers short makes everyone start over, and asks no more", async () => {
    const { inbox, names, asked, answer } = inboxAfter(2);
    inbox.accept(batchOf(5, [6]));
    await answer([batchOf(2, [3])]);
    assert.deepEqual(
      asked.map(({ after }) => after),
      [2, 3],
    );
    await answer([]);
    assert.deepEqual(names(), ["message", "reset", "message"]);
    assert.equal(asked.length, 2);
  });

  test("waits for an owner who is away, and is filled at the next try", async () => {
    const { inbox, seen, asked, fail, answer } = inboxAfter(2);
    inbox.accept(batchOf(3, [4]));
    await fail();
    inbox.accept(batchOf(4, [5]));
    assert.equal(asked.length, 1, "not asked again for each batch");
    inbox.retry();
    await answer([batchOf(2, [3])]);
    assert.deepEqual(seen(), [3, 4, 5]);
    inbox.retry();
    assert.equal(asked.length, 2, "and then there is nothing to retry");
  });

  test("is asked for once at a time, however often it is retried", async () => {
    const { inbox, seen, names, asked, answer } = inboxAfter(2);
    inbox.accept(batchOf(3, [4]));
    inbox.retry();
    inbox.retry();
    assert.equal(asked.length, 1);
    await answer([batchOf(2, [3])]);
    inbox.accept(batchOf(4, [5]));
    assert.deepEqual(seen(), [3, 4, 5]);
    assert.ok(!names().includes("reset"));
  });

  test("that was only disorder is filled without loss", async () => {
    const { inbox, seen, names, answer } = inboxAfter(2);
    inbox.accept(batchOf(4, [5]));
    inbox.accept(batchOf(2, [3]));
    inbox.accept(batchOf(3, [4]));
    await answer(null);
    assert.deepEqual(seen(), [3, 4, 5]);
    assert.ok(!names().includes("reset"));
  });

  test("after a hole is filled too", async () => {
    const { inbox, seen, asked, answer } = inboxAfter(2);
    inbox.accept(batchOf(3, [4]));
    inbox.accept(batchOf(5, [6]));
    await answer([batchOf(2, [3])]);
    assert.deepEqual(
      asked.map(({ after }) => after),
      [2, 4],
    );
    await answer([batchOf(4, [5])]);
    assert.deepEqual(seen(), [3, 4, 5, 6]);
  });

  test("that stays holds a bounded number of batches, and loses none in silence", async () => {
    const { inbox, seen, names, answer } = inboxAfter(0);
    for (let id = 2; id <= 2500; id++) inbox.accept(batchOf(id - 1, [id]));
    await answer([batchOf(0, [1]), batchOf(1, [2])]);
    await answer(null);
    assert.deepEqual(names().slice(0, 3), ["message", "message", "reset"]);
    const after = seen().slice(2);
    assert.equal(after.at(-1), 2500);
    assert.ok(after.length <= 1000);
    assert.deepEqual(
      after,
      Array.from(after, (_, i) => (after[0] ?? 0) + i),
    );
  });
});

describe("the end of a show", () => {
  const end = (prev: number) => batchOf(prev, [], { ended: true });

  test("is told after everything before it", () => {
    const { inbox, names } = inboxAfter(2);
    inbox.accept(batchOf(2, [3]));
    inbox.accept(end(3));
    assert.deepEqual(names(), ["message", "end"]);
  });

  test("waits until the hole before it is filled", async () => {
    const { inbox, names, answer } = inboxAfter(2);
    inbox.accept(end(3));
    assert.deepEqual(names(), []);
    await answer([batchOf(2, [3])]);
    assert.deepEqual(names(), ["message", "end"]);
  });

  test("that comes while a hole is being filled waits for that", async () => {
    const { inbox, names, answer } = inboxAfter(2);
    inbox.accept(batchOf(3, [4]));
    inbox.accept(end(4));
    await answer([batchOf(2, [3])]);
    assert.deepEqual(names(), ["message", "message", "end"]);
  });

  test("is told also when what was missing is lost", async () => {
    const { inbox, names, answer } = inboxAfter(2);
    inbox.accept(end(30));
    await answer(null);
    assert.deepEqual(names(), ["reset", "end"]);
  });

  test("is the last event", async () => {
    const { inbox, names, asked } = inboxAfter(2);
    inbox.accept(end(2));
    inbox.accept(end(2));
    inbox.accept(batchOf(2, [3]));
    inbox.accept(batchOf(3, [], presence(1)));
    inbox.accept(batchOf(8, [9]));
    assert.deepEqual(names(), ["end"]);
    assert.equal(asked.length, 0);
  });

  test("whose news was lost is told after what was lost with it", async () => {
    const { inbox, names, seen, answer } = inboxAfter(2);
    const ended = inbox.end();
    await answer([batchOf(2, [3])]);
    await answer([]);
    await ended;
    assert.deepEqual([names(), seen()], [["message", "end"], [3]]);
  });

  test("whose news was lost with too much is told after a reset", async () => {
    const { inbox, names, answer } = inboxAfter(2);
    const ended = inbox.end();
    await answer(null);
    await ended;
    assert.deepEqual(names(), ["reset", "end"]);
  });

  test("whose news was lost is not told while the owner is away", async () => {
    const { inbox, names, fail } = inboxAfter(2);
    const ended = inbox.end();
    const refused = assert.rejects(ended);
    await fail();
    await refused;
    assert.deepEqual(names(), []);
  });
});

describe("whatever the network does", () => {
  /** What becomes of a batch on its way, and what else happens after it was sent. */
  const aStep = fc.record({
    size: fc.integer({ min: 0, max: 3 }),
    notices: fc.boolean(),
    /** Each copy arrives that many steps late. */
    copies: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 2 }),
    /** What becomes of the questions that wait now. */
    owner: fc.constantFrom("answers", "answers", "fails", "waits", "has forgotten", "is stale"),
    retry: fc.boolean(),
  });

  test("every message arrives once and in order, or everyone is told to start over", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 25 }), async (steps) => {
        const { inbox, asked, text } = inboxAfter(0);
        const truth: PushBatch[] = [];
        const lastId = () => truth.findLast(({ ids }) => ids.length > 0)?.ids.at(-1) ?? 0;
        const late = new Map<number, PushBatch[]>();
        let settled = 0;

        const since = (after: number, upTo = truth.length) =>
          truth.slice(0, upTo).filter(({ ids }) => (ids.at(-1) ?? 0) > after);
        const settle = async (how: (typeof steps)[number]["owner"]) => {
          if (how === "waits") return;
          const { after, answer } = asked[settled++] as (typeof asked)[number];
          if (how === "fails") answer.reject(new Error("away"));
          else if (how === "has forgotten") answer.resolve(null);
          else if (how === "is stale") answer.resolve(since(after, truth.length - 2));
          else answer.resolve(since(after));
          await turn();
        };

        for (const [now, step] of steps.entries()) {
          const ids = Array.from({ length: step.size }, (_, i) => lastId() + 1 + i);
          const batch = batchOf(lastId(), ids, step.notices ? presence(now) : {});
          truth.push(batch);
          for (const delay of step.copies)
            late.set(now + delay, [...(late.get(now + delay) ?? []), batch]);
          for (const arrived of late.get(now) ?? []) inbox.accept(arrived);
          if (step.retry) inbox.retry();
          while (asked.length > settled && step.owner !== "waits") await settle(step.owner);
        }
        // In the end all is well again, and the show goes on until it is over.
        const last = batchOf(lastId(), [lastId() + 1]);
        truth.push(last);
        inbox.accept(last);
        inbox.accept(batchOf(lastId(), [], { ended: true }));
        while (asked.length > settled) await settle("answers");
        inbox.retry();
        while (asked.length > settled) await settle("answers");

        let known = 0;
        let mayJump = false;
        const events = sseEvents(text()).filter(({ event }) => event !== "presence");
        for (const { event, id } of events) {
          if (event === "reset") mayJump = true;
          if (event !== "message") continue;
          const got = Number(id);
          assert.ok(mayJump ? got > known : got === known + 1, `${got} after ${known}`);
          known = got;
          mayJump = false;
        }
        assert.equal(events.at(-1)?.event, "end");
        assert.ok(known === lastId() || mayJump);
      }),
      { numRuns: 400 },
    );
  });
});

describe("what the owner says that it has pushed", () => {
  test("is asked for when it does not come by itself", async () => {
    const { inbox, asked, answer, seen } = inboxAfter(2);
    inbox.expect(4);
    inbox.retry();
    assert.equal(asked.length, 0, "it may be on its way");
    inbox.retry();
    assert.deepEqual(
      asked.map(({ after }) => after),
      [2],
    );
    await answer([batchOf(2, [3, 4])]);
    assert.deepEqual(seen(), [3, 4]);
  });

  test("is not asked for when it came meanwhile", () => {
    const { inbox, asked } = inboxAfter(2);
    inbox.expect(3);
    inbox.retry();
    inbox.accept(batchOf(2, [3]));
    for (let i = 0; i < 3; i++) inbox.retry();
    assert.equal(asked.length, 0);
  });

  test("is nothing new when it is here", () => {
    const { inbox, asked } = inboxAfter(2);
    inbox.expect(2);
    for (let i = 0; i < 3; i++) inbox.retry();
    assert.equal(asked.length, 0);
  });
});

test("the end of a show waits for all that was missed, in as many answers as that takes", async () => {
  const { inbox, asked, answer, seen, names } = inboxAfter(2);
  const ended = inbox.end();
  await answer([batchOf(2, [3])]);
  await answer([batchOf(3, [4])]);
  await answer([]);
  await ended;
  assert.deepEqual(
    asked.map(({ after }) => after),
    [2, 3, 4],
  );
  assert.deepEqual(seen(), [3, 4]);
  assert.equal(names().at(-1), "end");
});
