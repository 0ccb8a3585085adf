import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  commitmentOf,
  type DrawOrder,
  drawAmong,
  drawKeyOf,
  EntriesDigest,
  scorer,
} from "../../services/lottery/fairness.ts";
import vectors from "../support/lottery/vectors.json" with { type: "json" };

const SEED = "42".repeat(32);
const order = (changes: Partial<DrawOrder> = {}): DrawOrder => ({
  lottery_id: 1,
  count: 3,
  seed: SEED,
  beacon: "",
  ...changes,
});

const userId = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const entrants = fc.uniqueArray(userId, { minLength: 1, maxLength: 50 });
const hex32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));

for (const vector of vectors) {
  const title = `of lottery ${vector.lottery_id} with ${vector.entrants.length} entrants`;

  test(`the commitment ${title} is the vector's`, () => {
    assert.equal(commitmentOf(vector.seed), vector.commitment);
  });

  test(`the digest and the winners ${title} are the vector's`, () => {
    const outcome = drawAmong(vector, vector.entrants);
    assert.deepEqual(outcome, {
      entries_digest: vector.entries_digest,
      entrants: new Set(vector.entrants).size,
      winners: vector.winners,
    });
  });

  test(`the draw key ${title} is the vector's`, () => {
    assert.equal(drawKeyOf(vector, vector.entries_digest).toString("hex"), vector.draw_key);
  });
}

test("permuting and repeating entrants changes nothing", () => {
  fc.assert(
    fc.property(
      entrants.chain((ids) =>
        fc.tuple(
          fc.constant(ids),
          fc.shuffledSubarray(ids, { minLength: ids.length }),
          fc.subarray(ids),
        ),
      ),
      fc.integer({ min: 1, max: 60 }),
      hex32,
      ([ids, permuted, repeated], count, seed) => {
        const drawn = drawAmong(order({ count, seed }), ids);
        assert.deepEqual(drawAmong(order({ count, seed }), [...repeated, ...permuted]), drawn);
      },
    ),
  );
});

test("one more entrant changes the digest", () => {
  fc.assert(
    fc.property(entrants, userId, (ids, late) => {
      fc.pre(!ids.includes(late));
      const before = drawAmong(order(), ids).entries_digest;
      assert.notEqual(drawAmong(order(), [...ids, late]).entries_digest, before);
    }),
  );
});

test("the winners are the smallest scores in ascending order, everyone if there are fewer", () => {
  fc.assert(
    fc.property(entrants, fc.integer({ min: 1, max: 60 }), hex32, (ids, count, seed) => {
      const { entries_digest, winners } = drawAmong(order({ count, seed }), ids);
      const key = drawKeyOf(order({ seed }), entries_digest);
      const scored = ids.map((id) => ({ id, score: plainScore(key, id) }));
      scored.sort((a, b) => (a.score < b.score ? -1 : 1));
      assert.deepEqual(
        winners,
        scored.slice(0, count).map(({ id }) => id),
      );
    }),
  );
});

/** The score as the specification words it, the slow way. */
function plainScore(key: Buffer, id: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(id));
  return createHash("sha256")
    .update(Buffer.concat([key, bytes]))
    .digest("hex");
}

test("a digest taken in pages is the digest of all", () => {
  fc.assert(
    fc.property(fc.array(entrants, { maxLength: 8 }), (pages) => {
      const ids = Float64Array.from(new Set(pages.flat())).sort();
      const paged = new EntriesDigest();
      let from = 0;
      for (const { length } of pages) {
        paged.add(ids.subarray(from, from + length));
        from += length;
      }
      assert.equal(paged.hex(), createHash("sha256").update(ids.join(",")).digest("hex"));
      assert.equal(paged.entrants, ids.length);
    }),
  );
});

for (const [what, ids] of [
  ["descending", [2, 1]],
  ["repeated", [1, 1]],
  ["fractional", [1.5]],
  ["zero", [0]],
  ["too large", [2 ** 53]],
] as const)
  test(`ids that are ${what} are refused by the digest`, () => {
    assert.throws(() => new EntriesDigest().add(Float64Array.from(ids)), RangeError);
  });

test("an id that came in an earlier page is refused by the digest", () => {
  const digest = new EntriesDigest();
  digest.add(Float64Array.of(1, 2));
  assert.throws(() => digest.add(Float64Array.of(2, 3)), RangeError);
});

test("a seed that is not 32 bytes of lower-case hex is refused", () => {
  for (const seed of ["", SEED.slice(2), `${SEED}00`, SEED.replace("42", "zz"), "AB".repeat(32)])
    assert.throws(() => commitmentOf(seed), RangeError, seed);
});

test("a count below one is refused", () => {
  for (const count of [0, -1, 1.5, Number.NaN])
    assert.throws(() => drawAmong(order({ count }), [1]), RangeError);
});

test("every part of a draw's key changes it", () => {
  const key = (changes: Partial<DrawOrder>, digest = "00") =>
    drawKeyOf(order(changes), digest).toString("hex");
  const keys = [
    key({}),
    key({ lottery_id: 2 }),
    key({ seed: "43".repeat(32) }),
    key({ beacon: "11".repeat(32) }),
    key({}, "01"),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

/**
 * 20 entrants, 4 winners, 10,000 seeds that are the same at every run. 43.82 is what chi-square with
 * 19 degrees of freedom exceeds once in a thousand. Winners of one draw exclude each other, which
 * makes the sum smaller by (n − k)/(n − 1), so it is divided by that.
 */
test("every entrant wins equally often over 10,000 draws", () => {
  const draws = 10_000;
  const count = 4;
  const ids = Array.from({ length: 20 }, (_, i) => 7_000_000_000_001 + i * 131);
  const wins = new Map(ids.map((id) => [id, 0]));
  for (let i = 0; i < draws; i++) {
    const seed = createHash("sha256").update(`draw ${i}`).digest("hex");
    const { winners } = drawAmong(order({ lottery_id: i + 1, seed, count }), ids);
    for (const id of winners) wins.set(id, (wins.get(id) ?? 0) + 1);
  }
  const expected = (draws * count) / ids.length;
  const sum = [...wins.values()].reduce((total, n) => total + (n - expected) ** 2 / expected, 0);
  const chiSquare = sum / ((ids.length - count) / (ids.length - 1));
  assert.ok(chiSquare < 43.82, `chi-square ${chiSquare.toFixed(1)}`);
});

test("the first place goes to every entrant equally often over 10,000 draws", () => {
  const draws = 10_000;
  const ids = Array.from({ length: 10 }, (_, i) => i + 1);
  const firsts = new Map(ids.map((id) => [id, 0]));
  for (let i = 0; i < draws; i++) {
    const seed = createHash("sha256").update(`first ${i}`).digest("hex");
    const [first = 0] = drawAmong(order({ seed, count: 3 }), ids).winners;
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  const expected = draws / ids.length;
  const sum = [...firsts.values()].reduce((total, n) => total + (n - expected) ** 2 / expected, 0);
  // One in a thousand with nine degrees of freedom.
  assert.ok(sum < 27.88, `chi-square ${sum.toFixed(1)}`);
});

test("scores use all 53 bits of an id", () => {
  const scoreOf = scorer(Buffer.alloc(32));
  assert.equal(
    scoreOf(Number.MAX_SAFE_INTEGER).toString("hex"),
    plainScore(Buffer.alloc(32), Number.MAX_SAFE_INTEGER),
  );
  assert.notDeepEqual(scoreOf(1), scoreOf(1 + 2 ** 32));
});
