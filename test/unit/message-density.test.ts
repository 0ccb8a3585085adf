import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bucketWidth, fillBuckets } from "../../services/message/density.ts";

describe("the width of a bucket", () => {
  for (const [length, width] of [
    [0, 1],
    [1, 1],
    [200, 1],
    [201, 2],
    [3600, 20],
    [7200, 60],
    [10 * 3600, 300],
    [7 * 24 * 3600, 3600],
    [20 * 24 * 3600, 3 * 3600],
  ] as const)
    it(`is ${width} s by default when the show is ${length} s long`, () => {
      assert.equal(bucketWidth(length, undefined), width);
    });

  it("makes at most 200 buckets by default, and no fewer than a fifth of that when it could", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 1_000_000 }), (length) => {
        const buckets = Math.ceil(length / bucketWidth(length, undefined));
        assert.ok(buckets <= 200 && buckets >= 40, `${length} s: ${buckets}`);
      }),
    );
  });

  it("is the one asked for, as long as there are no more than 2,000 buckets", () => {
    assert.equal(bucketWidth(2000, 1), 1);
    assert.equal(bucketWidth(0, 3600), 3600);
    assert.throws(() => bucketWidth(2001, 1), {
      type: "BAD_REQUEST",
      data: {
        fields: [{ field: "bucket", problem: "makes more than 2000 buckets; 2 is the least" }],
      },
    });
    assert.equal(bucketWidth(2001, 2), 2);
  });
});

describe("the buckets of a show", () => {
  it("are as many as cover it, zero where nobody spoke", () => {
    const counted = [
      { start: 10, count: 3 },
      { start: 30, count: 1 },
    ];
    assert.deepEqual(fillBuckets(31, 10, counted), [0, 3, 0, 1]);
    assert.deepEqual(fillBuckets(0, 10, []), []);
  });
});
