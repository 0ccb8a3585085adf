import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestAge } from "../../lib/request-age.ts";

test("what is under way for longer than the quickest, and by how much, decides", () => {
  const age = new RequestAge(1_000);
  assert.equal(age.isOld(5, 0), false);
  assert.equal(age.isOld(1_005, 1), false);
  assert.equal(age.isOld(1_006, 2), true);
  assert.equal(age.isOld(6, 3), false);
});

test("the first request of a caller is never old, whatever the clocks say", () => {
  for (const delayMs of [0, 3_600_000, -3_600_000])
    assert.equal(new RequestAge(1_000).isOld(delayMs, 0), false);
});

test("the quickest request is remembered for a minute at least, also while none come", () => {
  const age = new RequestAge(1_000);
  age.isOld(5, 0);
  assert.equal(age.isOld(5_000, 59_000), true);
  assert.equal(age.isOld(5_000, 61_000), true);
});

test("a caller whose clock was set back is believed after a moment, and from then on by its new time", () => {
  const age = new RequestAge(1_000);
  age.isOld(5, 0);
  assert.equal(age.isOld(10_005, 1_000), true);
  assert.equal(age.isOld(10_005, 3_999), true);
  assert.equal(age.isOld(10_005, 4_000), false);
  assert.equal(age.isOld(10_300, 4_100), false);
  assert.equal(age.isOld(12_000, 4_200), true);
});

test("old ones among others stay old", () => {
  const age = new RequestAge(1_000);
  for (let now = 0; now < 20_000; now += 500) {
    assert.equal(age.isOld(5, now), false);
    assert.equal(age.isOld(5_000, now + 1), true);
  }
});
