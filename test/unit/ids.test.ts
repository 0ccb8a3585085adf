import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  createIdGenerator,
  ID_EPOCH_MS,
  idTimeMs,
  idWorker,
  isId,
  MAX_ID,
  WORKERS,
} from "../../lib/ids.ts";

const aWorker = fc.integer({ min: 0, max: WORKERS - 1 });
const LAST_MS = ID_EPOCH_MS + 2 ** 41 - 1;

/** Ids of a generator whose clock shows each of `times` in turn. */
function idsAt(worker: number, times: number[]): number[] {
  let clock = 0;
  const ids = createIdGenerator({ worker, now: () => clock });
  return times.map((time) => {
    clock = time;
    return ids.next();
  });
}

function assertAscending(ids: number[]): void {
  for (let i = 1; i < ids.length; i++) {
    const [before = 0, id = 0] = ids.slice(i - 1, i + 1);
    assert.ok(id > before, `${id} after ${before}`);
  }
}

test("an id is made of 41 bits of milliseconds, 7 of worker and 5 of sequence", () => {
  const ids = createIdGenerator({ worker: 5, now: () => ID_EPOCH_MS + 1_000 });
  assert.equal(ids.next(), 1_000 * 4096 + 5 * 32);
  assert.equal(ids.next(), 1_000 * 4096 + 5 * 32 + 1);
});

test("an id tells its time and its worker over the whole range of both", () => {
  const aTime = fc.integer({ min: ID_EPOCH_MS + 1, max: LAST_MS });
  fc.assert(
    fc.property(aWorker, aTime, (worker, time) => {
      const id = createIdGenerator({ worker, now: () => time }).next();
      assert.equal(idTimeMs(id), time);
      assert.equal(idWorker(id), worker);
      assert.ok(isId(id));
    }),
  );
});

test("ids ascend whatever the clock does, forwards or back", () => {
  const times = fc.array(fc.integer({ min: ID_EPOCH_MS + 1, max: LAST_MS - 10_000 }), {
    minLength: 2,
    maxLength: 300,
  });
  fc.assert(
    fc.property(aWorker, times, (worker, jumps) => {
      const ids = idsAt(worker, jumps);
      assertAscending(ids);
      assert.ok(ids.every((id) => isId(id) && idWorker(id) === worker));
    }),
  );
});

test("a clock that steps back is held at the last millisecond", () => {
  const start = ID_EPOCH_MS + 5_000_000;
  const [first = 0, second = 0] = idsAt(1, [start, start - 3_600_000]);
  assert.equal(idTimeMs(second), start);
  assert.equal(second, first + 1);
});

test("a clock that steps back before 2024 is held as well", () => {
  const ids = idsAt(1, [ID_EPOCH_MS + 1, ID_EPOCH_MS - 1]);
  assertAscending(ids);
});

test("a burst of 100,000 in one millisecond is unique, ascending and borrows from the next ones", () => {
  const time = ID_EPOCH_MS + 7_000_000;
  const generator = createIdGenerator({ worker: 127, now: () => time });
  const ids = Array.from({ length: 100_000 }, () => generator.next());
  assertAscending(ids);
  assert.equal(idTimeMs(ids[31] ?? 0), time);
  assert.equal(idTimeMs(ids[32] ?? 0), time + 1);
  assert.equal(idTimeMs(ids.at(-1) ?? 0), time + 100_000 / 32 - 1);
  assert.ok(ids.every((id) => idWorker(id) === 127));
});

test("after a burst the ids return to the clock once it has caught up", () => {
  const time = ID_EPOCH_MS + 7_000_000;
  const ids = idsAt(3, [...Array.from({ length: 64 }, () => time), time + 1, time + 2]);
  assert.equal(idTimeMs(ids.at(-2) ?? 0), time + 2, "still ahead of the clock");
  assert.equal(ids.at(-1), (ids.at(-2) ?? 0) + 1, "and goes on there until the clock passes");
  assert.equal(idTimeMs(idsAt(3, [time, time, time + 1]).at(-1) ?? 0), time + 1);
});

test("workers never give the same id, even in the same millisecond", () => {
  const workers = fc.uniqueArray(aWorker, { minLength: 2, maxLength: 8 });
  const bursts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(workers, bursts, (numbers, steps) => {
      let clock = ID_EPOCH_MS + 1;
      const generators = numbers.map((worker) => createIdGenerator({ worker, now: () => clock }));
      const seen = new Set<number>();
      for (const step of steps) {
        clock += step;
        for (const generator of generators) seen.add(generator.next());
      }
      assert.equal(seen.size, numbers.length * steps.length);
    }),
  );
});

test("next(above) is greater than above and than all ids before, near or far in the future", () => {
  const highest = MAX_ID - 2 ** 32;
  const steps = fc.array(
    fc.record({
      tick: fc.integer({ min: -50, max: 50 }),
      above: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: highest })),
      ahead: fc.integer({ min: -10_000, max: 10_000 }),
      near: fc.boolean(),
    }),
    { minLength: 1, maxLength: 100 },
  );
  fc.assert(
    fc.property(aWorker, steps, (worker, calls) => {
      let clock = ID_EPOCH_MS + 1_000_000;
      let before = 0;
      const generator = createIdGenerator({ worker, now: () => clock });
      for (const { tick, above, ahead, near } of calls) {
        clock += tick;
        const floor = near ? Math.min(highest, Math.max(0, before + ahead)) : above;
        const id = generator.next(floor);
        assert.ok(id > floor && id > before, `${id} after ${before}, above ${floor}`);
        assert.ok(isId(id));
        assert.equal(idWorker(id), worker);
        before = id;
      }
    }),
  );
});

test("an above that lies in the past leaves the id at the clock", () => {
  const time = ID_EPOCH_MS + 9_000;
  const generator = createIdGenerator({ worker: 0, now: () => time });
  assert.equal(generator.next(8_999 * 4096), 9_000 * 4096);
});

test("an above that is no id is refused, and the generator goes on", () => {
  const generator = createIdGenerator({ worker: 0, now: () => ID_EPOCH_MS + 1 });
  for (const above of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 5e12 + 0.5]) {
    assert.throws(() => generator.next(above), RangeError);
  }
  assert.equal(generator.next(), 4096);
});

test("a worker number that does not fit is refused", () => {
  for (const worker of [-1, 128, 1.5, Number.NaN]) {
    assert.throws(() => createIdGenerator({ worker }), /worker must be an integer from 0 to 127/);
  }
});

test("a time that no longer fits is refused, and no smaller id is given instead", () => {
  const last = idsAt(127, [LAST_MS])[0] ?? 0;
  assert.equal(idTimeMs(last), LAST_MS);
  assert.throws(() => idsAt(0, [LAST_MS + 1]), /time no longer fits/);
  assert.throws(() => idsAt(0, Array(33).fill(LAST_MS)), /time no longer fits/);
  const generator = createIdGenerator({ worker: 0, now: () => ID_EPOCH_MS + 1 });
  assert.throws(() => generator.next(MAX_ID), /time no longer fits/);
});

test("a clock before 2024 is refused at the start: ids would repeat after a restart", () => {
  assert.throws(() => idsAt(0, [ID_EPOCH_MS - 1]), /clock is before 2024/);
  assert.throws(() => idsAt(0, [Number.NaN]), /clock is before 2024/);
});

test("a clock with fractions of a millisecond still gives whole ids", () => {
  assert.equal(idsAt(0, [ID_EPOCH_MS + 12.75])[0], 12 * 4096);
});

test("isId takes integers from 1 to 2^53 - 1 only", () => {
  for (const id of [1, 4096, MAX_ID]) assert.ok(isId(id));
  for (const other of [0, -1, 1.5, MAX_ID + 1, Number.NaN, "1", null, undefined, 1n]) {
    assert.equal(isId(other), false);
  }
});
