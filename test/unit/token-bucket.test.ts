import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createBuckets, takeToken } from "../../lib/token-bucket.ts";

const aRate = fc.double({ min: 0.01, max: 1_000, noNaN: true });
const aBurst = fc.integer({ min: 1, max: 50 });
const START = 1_700_000_000_000;

test("a full bucket gives its burst at once, then says how long to wait", () => {
  const bucket = { tokens: 3, at_ms: START };
  const answers = [1, 2, 3, 4].map(() => takeToken(bucket, START, 2, 3));
  assert.deepEqual(answers, [0, 0, 0, 500]);
});

test("the wait that is told is just long enough", () => {
  const bucket = { tokens: 0, at_ms: START };
  assert.equal(takeToken(bucket, START, 2, 1), 500);
  assert.equal(takeToken(bucket, START + 499, 2, 1), 1);
  assert.equal(takeToken(bucket, START + 500, 2, 1), 0);
});

test("asking too early costs nothing: after the told wait a token is there", () => {
  const early = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
  fc.assert(
    fc.property(aRate, aBurst, early, (rate, burst, fractions) => {
      const bucket = { tokens: 0, at_ms: START };
      let now = START;
      let wait = takeToken(bucket, now, rate, burst);
      for (const fraction of fractions) {
        now += Math.floor(wait * fraction);
        wait = takeToken(bucket, now, rate, burst);
        if (wait === 0) return;
      }
      assert.equal(takeToken(bucket, now + wait, rate, burst), 0);
    }),
  );
});

test("no more is given than the burst and what came back meanwhile", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(aRate, aBurst, steps, (rate, burst, waits) => {
      const bucket = { tokens: burst, at_ms: START };
      let now = START;
      let taken = 0;
      for (const wait of waits) {
        now += wait;
        if (takeToken(bucket, now, rate, burst) === 0) taken += 1;
        assert.ok(taken <= burst + ((now - START) * rate) / 1000 + 1e-6);
        assert.ok(bucket.tokens >= 0 && bucket.tokens <= burst);
      }
    }),
  );
});

test("a clock that steps back gives nothing, and does not lock anyone out", () => {
  const bucket = { tokens: 0, at_ms: START };
  assert.equal(takeToken(bucket, START - 3_600_000, 1, 1), 1_000);
  assert.equal(takeToken(bucket, START - 3_600_000 + 1_000, 1, 1), 0);
});

test("where no token will ever come the wait is infinite", () => {
  assert.equal(takeToken({ tokens: 0, at_ms: START }, START, 0, 5), Number.POSITIVE_INFINITY);
  assert.equal(takeToken({ tokens: 0, at_ms: START }, START, 5, 0), Number.POSITIVE_INFINITY);
});

test("each key has a bucket of its own", () => {
  const buckets = createBuckets({ maxKeys: 10 });
  assert.equal(buckets.take(1, START, 1, 1), 0);
  assert.equal(buckets.take(1, START, 1, 1), 1_000);
  assert.equal(buckets.take("1", START, 1, 1), 0);
});

test("keyed buckets answer as one bucket per key does, while there is room for all keys", () => {
  const takes = fc.array(
    fc.record({ key: fc.integer({ min: 0, max: 5 }), wait: fc.integer({ min: 0, max: 1_500 }) }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(aRate, aBurst, takes, (rate, burst, asked) => {
      const buckets = createBuckets({ maxKeys: 6 });
      const single = new Map<number, { tokens: number; at_ms: number }>();
      let now = START;
      for (const { key, wait } of asked) {
        now += wait;
        const bucket = single.get(key) ?? { tokens: burst, at_ms: now };
        single.set(key, bucket);
        assert.equal(buckets.take(key, now, rate, burst), takeToken(bucket, now, rate, burst));
      }
    }),
  );
});

test("buckets that have refilled leave as other keys come", () => {
  const buckets = createBuckets({ maxKeys: 1_000 });
  for (let key = 0; key < 100; key++) buckets.take(key, START, 1, 5);
  for (let key = 100; key < 200; key++) buckets.take(key, START + 1_000, 1, 5);
  assert.equal(buckets.size, 100);
});

test("with too many keys in use the one used longest ago starts anew", () => {
  const buckets = createBuckets({ maxKeys: 2 });
  for (const key of ["a", "b", "a", "c"]) buckets.take(key, START, 1, 1);
  assert.equal(buckets.size, 2);
  assert.equal(buckets.take("a", START, 1, 1), 1_000);
  assert.equal(buckets.take("b", START, 1, 1), 0);
});

test("a maximum that is not a positive integer is refused", () => {
  assert.throws(() => createBuckets({ maxKeys: 0 }), RangeError);
});
