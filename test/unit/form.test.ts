import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_PAIRS, parsePairs } from "../../services/api/form.ts";

const saysOfQuery = (problem: string) => (error: unknown) => {
  assert.deepEqual((error as { data: unknown }).data, { fields: [{ field: "query", problem }] });
  return true;
};

test("pairs come out decoded and in order", () => {
  assert.deepEqual(parsePairs("a=1&b=%E5%BC%B9+%26&a=2", "query"), [
    ["a", "1"],
    ["b", "弹 &"],
    ["a", "2"],
  ]);
});

test("a name without a value has an empty one, and empty parts are nothing", () => {
  assert.deepEqual(parsePairs("&a&&b=&=c&", "query"), [
    ["a", ""],
    ["b", ""],
    ["", "c"],
  ]);
});

test("only the first equals sign separates", () => {
  assert.deepEqual(parsePairs("a=b=c", "query"), [["a", "b=c"]]);
});

for (const broken of ["a=%", "a=%2", "a=%zz", "a=%ff", "%c3%28=a", "a=%ed%a0%80"]) {
  test(`${broken} is refused as no UTF-8`, () => {
    assert.throws(() => parsePairs(broken, "query"), saysOfQuery("is not percent-encoded UTF-8"));
  });
}

test("a hundred pairs are taken, one more is refused", () => {
  const pairs = (count: number) => Array.from({ length: count }, (_, i) => `p${i}=1`).join("&");
  assert.equal(parsePairs(pairs(MAX_PAIRS), "query").length, MAX_PAIRS);
  assert.throws(
    () => parsePairs(pairs(MAX_PAIRS + 1), "query"),
    saysOfQuery("has more than 100 parameters"),
  );
});
