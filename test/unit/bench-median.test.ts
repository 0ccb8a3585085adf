import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { median, withMedians } from "../../bench/lib/median.ts";

describe("the median", () => {
  test("is the middle one, or the mean of the two in the middle", () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([10, 2, 100, 4]), 7);
    assert.equal(median([3]), 3);
  });
});

describe("a bench that is repeated", () => {
  test("shows each case's runs together, and the medians of their numbers", () => {
    const rows = withMedians([
      [
        { case: "few", exact: "yes", p99_ms: 7, seconds: 0.004 },
        { case: "many", exact: "yes", p99_ms: 130 },
      ],
      [
        { case: "few", exact: "yes", p99_ms: 8, seconds: 0.003 },
        { case: "many", exact: "NO", p99_ms: 300 },
      ],
      [
        { case: "few", exact: "yes", p99_ms: 20, seconds: 0.005 },
        { case: "many", exact: "yes", p99_ms: "–" },
      ],
    ]);
    assert.deepEqual(rows, [
      { case: "few", exact: "yes", p99_ms: 7, seconds: 0.004 },
      { case: "few", exact: "yes", p99_ms: 8, seconds: 0.003 },
      { case: "few", exact: "yes", p99_ms: 20, seconds: 0.005 },
      { case: "few: median", exact: "yes", p99_ms: 8, seconds: 0.004 },
      { case: "many", exact: "yes", p99_ms: 130 },
      { case: "many", exact: "NO", p99_ms: 300 },
      { case: "many", exact: "yes", p99_ms: "–" },
      { case: "many: median", exact: "differs", p99_ms: "differs" },
    ]);
  });
});
