import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { createLru } from "../../lib/lru.ts";

test("a value is found until its time comes", () => {
  const lru = createLru<string, number>({ max: 2 });
  lru.set("room", 7, 1_000);
  assert.equal(lru.get("room", 999), 7);
  assert.equal(lru.get("room", 1_000), undefined);
  assert.equal(lru.size, 0, "and is then gone");
});

test("a value without a time stays", () => {
  const lru = createLru<string, number>({ max: 2 });
  lru.set("room", 7);
  assert.equal(lru.get("room", Number.MAX_SAFE_INTEGER), 7);
});

test("a new key in a full map takes the place of the least recently used one", () => {
  const lru = createLru<string, number>({ max: 2 });
  lru.set("a", 1);
  lru.set("b", 2);
  lru.get("a", 0);
  lru.set("c", 3);
  assert.equal(lru.get("b", 0), undefined);
  assert.equal(lru.get("a", 0), 1);
  assert.equal(lru.get("c", 0), 3);
});

test("setting a key again replaces its value and its time, and makes it recent", () => {
  const lru = createLru<string, number>({ max: 2 });
  lru.set("a", 1, 10);
  lru.set("b", 2);
  lru.set("a", 3, 20);
  lru.set("c", 4);
  assert.equal(lru.get("a", 15), 3);
  assert.equal(lru.get("b", 15), undefined);
});

test("a deleted key is gone and leaves room", () => {
  const lru = createLru<string, number>({ max: 2 });
  lru.set("a", 1);
  lru.set("b", 2);
  assert.equal(lru.delete("b"), true);
  assert.equal(lru.delete("b"), false);
  lru.set("c", 3);
  assert.equal(lru.get("a", 0), 1);
});

test("expired entries nobody asks for are let go as new ones come", () => {
  const lru = createLru<number, number>({ max: 1_000 });
  for (let key = 0; key < 100; key++) lru.set(key, key, 50, 0);
  for (let key = 100; key < 200; key++) lru.set(key, key, 150, 100);
  assert.equal(lru.size, 100);
});

test("it behaves as a plain list ordered by use does, whatever is done to it", () => {
  const aKey = fc.integer({ min: 0, max: 12 });
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("get" as const), key: aKey }),
    fc.record({ kind: fc.constant("delete" as const), key: aKey }),
    fc.record({
      kind: fc.constant("set" as const),
      key: aKey,
      ttl: fc.integer({ min: -2, max: 30 }),
    }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(operation, { maxLength: 200 }),
      (max, operations) => {
        const lru = createLru<number, number>({ max });
        let list: { key: number; value: number; expires: number }[] = [];
        operations.forEach((done, now) => {
          const found = list.find((entry) => entry.key === done.key);
          const others = list.filter((entry) => entry !== found);
          const alive = found !== undefined && found.expires > now;
          if (done.kind === "get") {
            assert.equal(lru.get(done.key, now), alive ? found.value : undefined);
            list = alive ? [...others, found] : others;
          } else if (done.kind === "delete") {
            assert.equal(lru.delete(done.key), found !== undefined);
            list = others;
          } else {
            const entry = { key: done.key, value: now, expires: now + done.ttl };
            lru.set(entry.key, entry.value, entry.expires);
            list = [...others, entry].slice(-max);
          }
          assert.equal(lru.size, list.length);
        });
        for (const { key, value } of list) assert.equal(lru.get(key, -1_000), value);
      },
    ),
  );
});

test("letting expired entries go never costs a live one its place", () => {
  const sets = fc.array(
    fc.record({ key: fc.integer({ min: 0, max: 30 }), ttl: fc.integer({ min: 1, max: 20 }) }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), sets, (max, operations) => {
      const swept = createLru<number, number>({ max });
      const plain = createLru<number, number>({ max });
      operations.forEach(({ key, ttl }, now) => {
        swept.set(key, now, now + ttl, now);
        plain.set(key, now, now + ttl);
        assert.ok(swept.size <= max);
      });
      const end = operations.length;
      for (let key = 0; key <= 30; key++) {
        const value = plain.get(key, end);
        if (value !== undefined) assert.equal(swept.get(key, end), value);
      }
    }),
  );
});

test("a maximum that is not a positive integer is refused", () => {
  for (const max of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => createLru({ max }), /max must be a positive integer/);
  }
});

test("using entries over and over leaves nothing behind", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const lru = createLru<number, number>({ max: 1_000 });
  for (let key = 0; key < 10; key++) lru.set(key, key);
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  for (let n = 0; n < 1_000_000; n++) lru.get(n % 10, 0);
  assert.ok(used() - before < 5_000_000);
  assert.equal(lru.size, 10);
});
