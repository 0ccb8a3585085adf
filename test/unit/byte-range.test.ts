import assert from "node:assert/strict";
import { test } from "node:test";
import { namesTag, requestedRange } from "../../services/api/byte-range.ts";

for (const [header, expected] of [
  ["bytes=0-0", { start: 0, end: 0 }],
  ["bytes=0-99", { start: 0, end: 99 }],
  ["bytes=10-", { start: 10, end: 99 }],
  ["bytes=99-99", { start: 99, end: 99 }],
  ["bytes=90-1000", { start: 90, end: 99 }],
  ["bytes=-1", { start: 99, end: 99 }],
  ["bytes=-1000", { start: 0, end: 99 }],
  ["Bytes= 5-6 ", { start: 5, end: 6 }],
  ["bytes=100-", "unsatisfiable"],
  ["bytes=100-200", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  [undefined, null],
  ["", null],
  ["bytes=", null],
  ["bytes=-", null],
  ["bytes=5-4", null],
  ["bytes=0-1,3-4", null],
  ["bytes=0x1-2", null],
  ["bytes=1.5-2", null],
  ["bytes=+1-2", null],
  ["items=0-1", null],
  [`bytes=0-${"9".repeat(16)}`, null],
] as const)
  test(`of 100 bytes, ${header ?? "no header"} asks for ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(requestedRange(header, 100), expected);
  });

test("nothing of an empty object can be asked for by range", () => {
  assert.equal(requestedRange("bytes=0-", 0), "unsatisfiable");
  assert.equal(requestedRange("bytes=-5", 0), "unsatisfiable");
});

test("a tag is named by itself, in a list, weakly, or by a star", () => {
  for (const header of ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', "*"])
    assert.ok(namesTag(header, '"a"'), header);
  for (const header of [undefined, "", "a", '"b"', '"a', '"A"'])
    assert.ok(!namesTag(header, '"a"'), header);
});
