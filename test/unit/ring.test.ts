import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Frame } from "../../services/api/hub/frame.ts";
import { Ring } from "../../services/api/hub/ring.ts";

const RING_MESSAGES = 1000;

/** A ring filled with frames of these sizes, their ids two apart, and all ids ever added. */
function ringOf(start: number, sizes: number[]): { ring: Ring; ids: number[] } {
  const ring = new Ring(start);
  const ids: number[] = [];
  let id = start;
  for (const [seq, size] of sizes.entries()) {
    const frame = Array.from({ length: size }, () => (id += 2));
    ring.add(new Frame(seq + 1, frame, ""));
    ids.push(...frame);
  }
  return { ring, ids };
}

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 });
const aStart = fc.constantFrom(0, 1000);

/** The id before those that the ring still has. */
function reachOf(ring: Ring, ids: number[], start: number): number {
  return [start, ...ids].find((id) => ring.afterId(id) !== null) as number;
}

test("a new ring ends where the room's past does", () => {
  const ring = new Ring(5);
  assert.equal(ring.lastId, 5);
  assert.deepEqual(ring.afterId(5), []);
  assert.deepEqual(ring.afterId(9), [], "also for a viewer who knows more than this gateway");
  assert.equal(ring.afterId(4), null);
  assert.equal(ring.cursorBefore(10), 5);
});

test("a ring gives exactly the frames after a cursor, or says that it does not reach back", () => {
  fc.assert(
    fc.property(aStart, sizes, (start, frames) => {
      const { ring, ids } = ringOf(start, frames);
      assert.equal(ring.lastId, ids.at(-1) ?? start);
      const reach = reachOf(ring, ids, start);
      for (let cursor = Math.max(0, start - 1); cursor <= ring.lastId + 2; cursor++) {
        const after = ring.afterId(cursor);
        assert.equal(after === null, cursor < reach);
        if (after === null) continue;
        const missed = after.flatMap((frame) => frame.ids).filter((id) => id > cursor);
        assert.deepEqual(missed, ids.slice(ids.findLastIndex((id) => id <= cursor) + 1));
        assert.ok(
          after.every(({ lastId }) => lastId > cursor),
          "and nothing needless",
        );
      }
    }),
    { numRuns: 4 },
  );
});

test("a ring keeps its promised number of messages and hardly more", () => {
  fc.assert(
    fc.property(aStart, sizes, (start, frames) => {
      const { ring, ids } = ringOf(start, frames);
      const reach = reachOf(ring, ids, start);
      const kept = ring.afterId(reach)?.flatMap((frame) => frame.ids) ?? [];
      assert.ok(kept.length >= Math.min(ids.length, RING_MESSAGES));
      assert.ok(kept.length < RING_MESSAGES + 400, "no more than a frame beyond");
    }),
  );
});

test("the cursor before the last messages has just those after it", () => {
  fc.assert(
    fc.property(
      aStart,
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }),
      (start, frames) => {
        const { ring, ids } = ringOf(start, frames);
        for (let count = 0; count <= ids.length + 2; count++) {
          const cursor = ring.cursorBefore(count);
          assert.deepEqual(ids.filter((id) => id > cursor).length, Math.min(count, ids.length));
        }
      },
    ),
  );
});

test("the cursor before more messages than are kept is one that the ring reaches", () => {
  const { ring, ids } = ringOf(0, [400, 400, 400, 400]);
  assert.equal(ids.length, 1600);
  assert.notEqual(ring.afterId(ring.cursorBefore(1600)), null);
});
