import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { MessageRecord } from "../../contracts/message-record.ts";
import { MessageType } from "../../contracts/objects.ts";
import { Limiter, roomCeiling, type Window } from "../../services/push/limiter.ts";
import { danmaku } from "../support/danmaku.ts";
import { seededRandom } from "../support/seeded-random.ts";

const START = 1_700_000_000_000;
const FLUSH_MS = 50;
const NO_FOLDING = 0;
/** More than any test offers at once. */
const UNLIMITED = 100_000;

const burstOf = (rate: number) => Math.max(10, rate / 4);
const idsOf = (messages: MessageRecord[]) => messages.map(({ id }) => id);

/** A limiter with its clock, its randomness and its ids. */
function limiterAt(rate: number, merge_window_ms = NO_FOLDING, seed = 1) {
  const random = seededRandom(seed);
  const limiter = new Limiter({ rate, merge_window_ms }, START);
  let now = START;
  let id = 0;
  return {
    limiter,
    say(different: Partial<MessageRecord> = {}): number {
      limiter.offer(danmaku(++id, different), now, random);
      return id;
    },
    wait(ms: number): void {
      now += ms;
    },
    flush: (): Window => limiter.flush(now, random),
    get now() {
      return now;
    },
  };
}

describe("the ceiling", () => {
  const aRate = fc.oneof(
    fc.integer({ min: 1, max: 400 }),
    fc.double({ min: 1, max: 60, noNaN: true }),
  );
  const someWindows = fc.array(
    fc.record({ wait: fc.integer({ min: 0, max: 400 }), said: fc.integer({ min: 0, max: 60 }) }),
    { maxLength: 40 },
  );

  test("in no second more is pushed than the rate and its burst", () => {
    fc.assert(
      fc.property(aRate, someWindows, (rate, windows) => {
        const room = limiterAt(rate);
        const pushes: { at: number; count: number }[] = [];
        for (const { wait, said } of windows) {
          for (let i = 0; i < said; i++) room.say({ user_id: i });
          room.wait(wait);
          pushes.push({ at: room.now, count: room.flush().pushed.length });
        }
        for (const { at: from } of pushes) {
          const within = pushes.filter(({ at }) => at >= from && at <= from + 1000);
          const total = within.reduce((sum, { count }) => sum + count, 0);
          assert.ok(total <= rate + burstOf(rate) + 1e-6, `${total} of ${rate}/s`);
        }
      }),
    );
  });

  test("a room with more to say than it may uses its whole rate", () => {
    for (const rate of [1, 7, 20, 33.3, 100, 1000]) {
      const room = limiterAt(rate);
      let pushed = 0;
      for (let window = 0; window < 200; window++) {
        for (let i = 0; i < 100; i++) room.say({ user_id: i });
        room.wait(FLUSH_MS);
        pushed += room.flush().pushed.length;
      }
      const allowed = rate * 10;
      assert.ok(pushed >= allowed - 1, `${pushed} of ${allowed}`);
      assert.ok(pushed <= allowed + burstOf(rate) + 1e-6, `${pushed} of ${allowed}`);
    }
  });

  test("what is below it is all pushed, in the order it was said", () => {
    const room = limiterAt(100);
    for (let i = 0; i < 25; i++) room.say({ user_id: i % 3 });
    const window = room.flush();
    assert.deepEqual(
      idsOf(window.pushed),
      Array.from({ length: 25 }, (_, i) => i + 1),
    );
    assert.deepEqual([window.suppressed, window.merged, window.folds], [[], [], []]);
  });

  test("a lower rate takes hold at once, also on what an idle room has in hand", () => {
    const room = limiterAt(1000);
    room.limiter.setRates({ rate: 20, merge_window_ms: NO_FOLDING });
    for (let i = 0; i < 250; i++) room.say({ user_id: i });
    assert.equal(room.flush().pushed.length, 10);
  });

  test("a clock that steps back gives nothing, and blocks nothing", () => {
    const room = limiterAt(100);
    const flood = () => {
      for (let i = 0; i < 100; i++) room.say({ user_id: i });
      return room.flush().pushed.length;
    };
    assert.equal(flood(), 25);
    room.wait(-3_600_000);
    assert.equal(flood(), 0);
    room.wait(100);
    assert.equal(flood(), 10);
  });
});

describe("every message", () => {
  const aMessage = fc.record({
    user_id: fc.integer({ min: 1, max: 6 }),
    type: fc.constantFrom(...Object.values(MessageType)),
    content: fc.constantFrom("666", " 666", "哈哈", "gg", "hello"),
  });
  const aShow = fc.array(
    fc.record({
      wait: fc.integer({ min: 0, max: 600 }),
      said: fc.array(aMessage, { maxLength: 30 }),
    }),
    { maxLength: 12 },
  );

  test("is pushed, folded or suppressed: one of the three, in the window it was said in", () => {
    fc.assert(
      fc.property(aShow, fc.constantFrom(0, 30, 1000), fc.integer(), (show, fold, seed) => {
        const room = limiterAt(20, fold, seed);
        for (const { wait, said } of show) {
          const offered = said.map((message) => room.say(message));
          room.wait(wait);
          const { pushed, suppressed, merged } = room.flush();
          const out = idsOf([...pushed, ...suppressed, ...merged]);
          assert.deepEqual(
            out.toSorted((a, b) => a - b),
            offered,
          );
        }
      }),
    );
  });

  test("pushed goes out by ascending id", () => {
    fc.assert(
      fc.property(aShow, fc.integer(), (show, seed) => {
        const room = limiterAt(20, 0, seed);
        for (const { wait, said } of show) {
          for (const message of said) room.say(message);
          room.wait(wait);
          const ids = idsOf(room.flush().pushed);
          assert.deepEqual(
            ids,
            ids.toSorted((a, b) => a - b),
          );
        }
      }),
    );
  });

  test("of another kind than a bullet comment passes, however full the room is", () => {
    const room = limiterAt(1, 1000);
    const { gift, superMessage, lottery, winners } = MessageType;
    const special: number[] = [];
    for (let i = 0; i < 500; i++) {
      room.say({ user_id: i });
      for (const type of [gift, superMessage, lottery, winners])
        special.push(room.say({ type, content: "the same" }));
    }
    const window = room.flush();
    const bullets = window.pushed.filter(({ type }) => type === MessageType.bullet);
    assert.deepEqual(idsOf(window.pushed.filter((one) => !bullets.includes(one))), special);
    assert.equal(bullets.length, 10, "and takes nothing from the others");
    assert.deepEqual(window.folds, []);
  });
});

describe("the sample", () => {
  const WINDOWS = 1000;

  /** How often each sender was pushed, over many windows in which all of them speak. */
  function shares(room: ReturnType<typeof limiterAt>, speak: () => void): Map<number, number> {
    const count = new Map<number, number>();
    room.flush();
    for (let window = 0; window < WINDOWS; window++) {
      speak();
      room.wait(FLUSH_MS);
      for (const { user_id } of room.flush().pushed)
        count.set(user_id, (count.get(user_id) ?? 0) + 1);
    }
    return count;
  }

  function assertEven(counts: Iterable<number>, expected: number, tolerance: number): void {
    for (const count of counts)
      assert.ok(Math.abs(count - expected) <= expected * tolerance, `${count} of ${expected}`);
  }

  for (const { others, when } of [
    { others: 20, when: "before the others" },
    { others: 20, when: "after the others" },
    { others: 20, when: "between the others" },
    // More senders than a window could ever push: the first reservoir overflows.
    { others: 100, when: "before the others" },
    { others: 100, when: "after the others" },
    { others: 100, when: "between the others" },
  ]) {
    test(`gives one who says 100 times as much ${when} no more than each of ${others}`, () => {
      const room = limiterAt(100);
      const flooder = 1;
      const flood = (times: number) => {
        for (let i = 0; i < times; i++) room.say({ user_id: flooder });
      };
      const counts = shares(room, () => {
        if (when === "before the others") flood(100);
        for (let i = 0; i < others; i++) {
          room.say({ user_id: 100 + i });
          if (when === "between the others") flood(100 / others);
        }
        if (when === "after the others") flood(100);
      });
      const fair = (WINDOWS * 5) / (others + 1);
      assert.equal(counts.size, others + 1);
      // Five standard deviations; the seed is fixed.
      assertEven(counts.values(), fair, 5 / Math.sqrt(fair));
    });
  }

  test("gives what the others leave to whoever says more", () => {
    const room = limiterAt(100);
    const counts = shares(room, () => {
      for (let i = 0; i < 100; i++) room.say({ user_id: 1 });
      for (const user_id of [2, 3]) room.say({ user_id });
    });
    assert.deepEqual([counts.get(2), counts.get(3)], [WINDOWS, WINDOWS]);
    assert.ok((counts.get(1) ?? 0) >= 3 * WINDOWS);
  });

  test("gives each message of a sender the same chance, wherever it stands", () => {
    const room = limiterAt(100);
    room.flush();
    const chosen = new Array<number>(10).fill(0);
    let total = 0;
    for (let window = 0; window < WINDOWS; window++) {
      const mine: number[] = [];
      for (let i = 0; i < 30; i++) {
        room.say({ user_id: 100 + i });
        if (i % 3 === 0) mine.push(room.say({ user_id: 1 }));
      }
      room.wait(FLUSH_MS);
      for (const { id, user_id } of room.flush().pushed) {
        if (user_id !== 1) continue;
        const place = mine.indexOf(id);
        chosen[place] = (chosen[place] ?? 0) + 1;
        total++;
      }
    }
    assert.ok(total > 100);
    assertEven(chosen, total / 10, 5 / Math.sqrt(total / 10));
  });

  test("gives each message of a lone sender the same chance", () => {
    const room = limiterAt(100);
    room.flush();
    const chosen = new Array<number>(60).fill(0);
    for (let window = 0; window < WINDOWS; window++) {
      const mine = Array.from({ length: 60 }, () => room.say({ user_id: 1 }));
      room.wait(FLUSH_MS);
      for (const { id } of room.flush().pushed) {
        const place = mine.indexOf(id);
        chosen[place] = (chosen[place] ?? 0) + 1;
      }
    }
    const fair = (WINDOWS * 5) / 60;
    assertEven(chosen, fair, 5 / Math.sqrt(fair));
  });
});

describe("a repeated text", () => {
  test("is pushed once and counted, whoever says it", () => {
    const room = limiterAt(100, 1000);
    const leader = room.say({ user_id: 1, content: "666" });
    for (let user_id = 2; user_id <= 5; user_id++) room.say({ user_id, content: " 666 " });
    const window = room.flush();
    assert.deepEqual(idsOf(window.pushed), [leader]);
    assert.deepEqual(idsOf(window.merged), [2, 3, 4, 5]);
    assert.deepEqual(window.folds, [{ id: leader, count: 4 }]);
  });

  test("is counted on from window to window, and told only when the count has changed", () => {
    const room = limiterAt(100, 1000);
    const told = [3, 0, 2].map((repeats) => {
      for (let i = 0; i <= repeats; i++)
        if (i > 0 || room.now === START) room.say({ content: "666" });
      const { folds } = room.flush();
      room.wait(FLUSH_MS);
      return folds;
    });
    assert.deepEqual(told, [[{ id: 1, count: 3 }], [], [{ id: 1, count: 5 }]]);
  });

  test("is pushed anew when the merge window is over", () => {
    const room = limiterAt(100, 1000);
    room.say({ content: "666" });
    room.flush();
    room.wait(999);
    room.say({ content: "666" });
    assert.deepEqual(idsOf(room.flush().pushed), []);
    room.wait(1);
    const anew = room.say({ content: "666" });
    assert.deepEqual(idsOf(room.flush().pushed), [anew]);
  });

  test("is told its last count also when it is said anew before the next flush", () => {
    const room = limiterAt(100, 1000);
    const leader = room.say({ content: "666" });
    room.flush();
    room.wait(980);
    room.say({ content: "666" });
    room.wait(30);
    room.say({ content: "666" });
    assert.deepEqual(room.flush().folds, [{ id: leader, count: 1 }]);
  });

  test("is counted for each time it was pushed when the merge window is shorter than a flush", () => {
    const room = limiterAt(100, 10);
    for (let i = 0; i < 6; i++) {
      room.say({ content: "666" });
      room.wait(4);
    }
    const window = room.flush();
    assert.deepEqual(idsOf(window.pushed), [1, 4]);
    assert.deepEqual(window.folds, [
      { id: 1, count: 2 },
      { id: 4, count: 2 },
    ]);
  });

  test("is told no count when its first message was suppressed, and may be said anew", () => {
    const room = limiterAt(1, 60_000);
    for (let i = 0; i < 10; i++) room.say({ user_id: i });
    room.flush();
    const leader = room.say({ content: "666" });
    const repeat = room.say({ content: "666" });
    const window = room.flush();
    assert.deepEqual(idsOf(window.suppressed), [leader]);
    assert.deepEqual(idsOf(window.merged), [repeat]);
    assert.deepEqual(window.folds, []);

    room.wait(1000);
    const anew = room.say({ content: "666" });
    assert.deepEqual(idsOf(room.flush().pushed), [anew]);
  });

  test("is never folded with a merge window of 0, also when that was changed under way", () => {
    const room = limiterAt(100, 1000);
    room.say({ content: "666" });
    room.say({ content: "666" });
    room.limiter.setRates({ rate: 100, merge_window_ms: 0 });
    room.say({ content: "666" });
    room.say({ content: "666" });
    const window = room.flush();
    assert.deepEqual(idsOf(window.pushed), [1, 3, 4]);
    assert.deepEqual(window.folds, [{ id: 1, count: 1 }]);
  });

  test("is not folded for longer than the merge window when the clock steps back", () => {
    const room = limiterAt(100, 1000);
    room.say({ content: "666" });
    room.flush();
    room.wait(-3_600_000);
    const anew = room.say({ content: "666" });
    assert.deepEqual(idsOf(room.flush().pushed), [anew]);
  });

  test("adds up: the counts told are the messages folded", () => {
    const steps = fc.array(
      fc.record({
        wait: fc.integer({ min: 0, max: 300 }),
        text: fc.constantFrom("666", "哈哈", "gg", "awsl"),
        flush: fc.boolean(),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, fc.constantFrom(20, 200, 1000), (said, mergeMs) => {
        const room = limiterAt(UNLIMITED, mergeMs);
        const counts = new Map<number, number>();
        const pushed = new Set<number>();
        let merged = 0;
        const flush = () => {
          const window = room.flush();
          merged += window.merged.length;
          for (const { id } of window.pushed) pushed.add(id);
          for (const { id, count } of window.folds) {
            assert.ok(pushed.has(id), "told for a pushed message");
            assert.ok(count > (counts.get(id) ?? 0), "grows");
            counts.set(id, count);
          }
        };
        for (const { wait, text, flush: now } of said) {
          room.wait(wait);
          room.say({ content: text });
          if (now) flush();
        }
        flush();
        assert.equal(
          counts.values().reduce((sum, count) => sum + count, 0),
          merged,
        );
      }),
    );
  });
});

describe("a flood", () => {
  test("of new texts makes the oldest forgotten, but no count of theirs is lost", () => {
    const room = limiterAt(UNLIMITED, 60_000);
    const leader = room.say({ content: "666" });
    room.say({ content: "666" });
    for (let i = 0; i < 5000; i++) room.say({ user_id: i });
    const anew = room.say({ content: "666" });
    const window = room.flush();
    assert.ok(idsOf(window.pushed).includes(anew), "forgotten: memory is bounded");
    assert.deepEqual(window.folds, [{ id: leader, count: 1 }]);
  });

  test("of 100,000 messages in one window is sampled, and leaves nothing behind", () => {
    const room = limiterAt(100, 1000);
    for (let i = 0; i < 100_000; i++)
      room.say({ user_id: i % 9_000, content: `text ${i % 30_000}` });
    const { pushed, suppressed, merged } = room.flush();
    assert.equal(pushed.length, 25);
    assert.equal(pushed.length + suppressed.length + merged.length, 100_000);
    assert.equal(room.limiter.pending, false);
    const after = room.flush();
    assert.deepEqual([after.pushed, after.suppressed, after.merged], [[], [], []]);
  });
});

describe("the ceiling of a room", () => {
  const limits = { room_rate: 100, room_rate_min: 20, room_egress: 2_000_000 };

  test("is the configured rate as long as the audience is small enough", () => {
    for (const viewers of [0, 1, 20_000]) assert.equal(roomCeiling(limits, viewers), 100);
  });

  test("shrinks with a larger audience, down to its minimum", () => {
    assert.equal(roomCeiling(limits, 40_000), 50);
    assert.equal(roomCeiling(limits, 100_000), 20);
    assert.equal(roomCeiling(limits, 10_000_000), 20);
  });

  test("is never above the configured rate, even if the minimum is", () => {
    assert.equal(roomCeiling({ ...limits, room_rate_min: 500 }, 10_000_000), 100);
  });
});
