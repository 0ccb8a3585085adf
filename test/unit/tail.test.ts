import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TAIL_MESSAGES, Tail } from "../../services/push/tail.ts";
import { batchOf } from "../support/danmaku.ts";

/** A tail filled with batches of these sizes, their ids two apart, and all ids ever added. */
function tailOf(start: number, sizes: number[]): { tail: Tail; ids: number[] } {
  const tail = new Tail(start);
  const ids: number[] = [];
  let id = start;
  for (const size of sizes) {
    const batch = Array.from({ length: size }, () => (id += 2));
    tail.add({ ...batchOf(tail.last, batch), text: "" });
    ids.push(...batch);
  }
  return { tail, ids };
}

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 });
const aStart = fc.constantFrom(0, 1000);

test("a new tail ends where the room began", () => {
  const tail = new Tail(5);
  assert.deepEqual([tail.prev, tail.last, tail.all()], [5, 5, []]);
  assert.deepEqual(tail.since(5), []);
  assert.equal(tail.since(4), null);
});

test("a tail gives exactly what came after a cursor, or says that it does not reach back", () => {
  fc.assert(
    fc.property(aStart, sizes, (start, batches) => {
      const { tail, ids } = tailOf(start, batches);
      for (let cursor = Math.max(0, start - 1); cursor <= tail.last + 2; cursor++) {
        const since = tail.since(cursor);
        assert.equal(since === null, cursor < tail.prev);
        if (since === null) continue;
        const missed = since.flatMap((batch) => batch.ids).filter((id) => id > cursor);
        assert.deepEqual(missed, ids.slice(ids.findLastIndex((id) => id <= cursor) + 1));
        assert.ok(
          since.every((batch) => (batch.ids.at(-1) ?? 0) > cursor),
          "and nothing needless",
        );
      }
    }),
    { numRuns: 4 },
  );
});

test("what a tail gives is contiguous and begins at the cursor or before", () => {
  fc.assert(
    fc.property(aStart, sizes, fc.double({ min: 0, max: 1, noNaN: true }), (start, batches, at) => {
      const { tail } = tailOf(start, batches);
      const cursor = Math.floor(tail.prev + at * (tail.last - tail.prev));
      const [first, ...others] = tail.since(cursor) ?? [];
      assert.ok((first?.prev ?? 0) <= cursor);
      let last = first?.ids.at(-1);
      for (const batch of others) {
        assert.equal(batch.prev, last);
        last = batch.ids.at(-1);
      }
    }),
  );
});

test("a tail keeps its promised number of messages and hardly more", () => {
  fc.assert(
    fc.property(aStart, sizes, (start, batches) => {
      const { tail, ids } = tailOf(start, batches);
      const kept = tail.all().flatMap((batch) => batch.ids);
      assert.deepEqual(kept, ids.slice(-kept.length || ids.length));
      assert.ok(kept.length >= Math.min(ids.length, TAIL_MESSAGES));
      assert.ok(kept.length < TAIL_MESSAGES + 400, "no more than a batch beyond");
      assert.equal(tail.prev, ids[ids.length - kept.length - 1] ?? start);
    }),
  );
});

test("a batch that does not follow the last one is not taken", () => {
  const { tail } = tailOf(0, [3]);
  assert.throws(() => tail.add(batchOf(4, [8])), /follow/);
  assert.throws(() => tail.add(batchOf(8, [10])), /follow/);
  assert.equal(tail.last, 6);
});

test("a list that was given out does not change", () => {
  const { tail } = tailOf(0, [1]);
  const before = tail.all();
  tail.add(batchOf(tail.last, [9]));
  assert.equal(before.length, 1);
});

test("an excerpt is what came after a cursor, or the latest, and nothing that is not to be known", () => {
  fc.assert(
    fc.property(aStart, sizes, fc.nat(), fc.nat(), (start, batches, a, b) => {
      const { tail } = tailOf(start, batches);
      const at = (pick: number) => tail.prev + (pick % (tail.last - tail.prev + 3));
      const upTo = Math.max(tail.prev, Math.min(tail.last, at(b)));
      for (const after of [null, at(a)]) {
        const { prev, batches: some } = tail.excerpt(after, upTo);
        const known = tail.all().filter(({ ids }) => (ids.at(-1) as number) <= upTo);
        const wanted = known.filter(({ ids }) => (ids.at(-1) as number) > (after ?? 0));
        assert.deepEqual(some, wanted);
        assert.equal(prev, some[0]?.prev ?? prev);
        assert.ok(prev <= upTo);
      }
    }),
  );
});

test("an excerpt fits into a packet: the beginning of what is missing, or the latest", () => {
  const tail = new Tail(0);
  const text = "好".repeat(100_000);
  for (let id = 1; id <= 5; id++) tail.add({ ...batchOf(tail.last, [id]), text });
  const idsOf = (after: number | null) => tail.excerpt(after, 5).batches.flatMap(({ ids }) => ids);
  assert.deepEqual(idsOf(1), [2, 3]);
  assert.deepEqual(idsOf(3), [4, 5]);
  assert.deepEqual(idsOf(null), [4, 5]);
  assert.equal(tail.excerpt(null, 5).prev, 3);
});

test("what is larger than a packet by itself is all of an excerpt", () => {
  const tail = new Tail(0);
  for (const id of [1, 2]) tail.add({ ...batchOf(tail.last, [id]), text: "x".repeat(400_000) });
  assert.deepEqual(
    tail.excerpt(0, 2).batches.flatMap(({ ids }) => ids),
    [1],
  );
});
