import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  compressBlock,
  GZIP_HEADER,
  SharedDeflate,
  storedBlock,
} from "../../services/api/hub/gzip.ts";
import { Gunzip } from "../support/gunzip.ts";
import { seededRandom } from "../support/seeded-random.ts";

const danmaku = (n: number) =>
  `id: ${n}\nevent: message\ndata: {"type":0,"id":${n},"content":"弹幕 ${n} 🎉"}\n\n`;

/** Text that does not compress. */
function noise(length: number): Buffer {
  const random = seededRandom(length);
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

const aText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }).map((text) => Buffer.from(text)),
  fc.integer({ min: 1, max: 300 }).map((count) => Buffer.from(danmaku(count).repeat(count))),
  fc.constantFrom(0, 1, 16_383, 16_384, 40_000, 65_535, 65_536, 140_000).map(noise),
);

describe("a stream of blocks", () => {
  test("decodes to its texts, one by one as they come, whatever kinds are mixed", async () => {
    const aBlock = fc.record({ text: aText, stored: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(aBlock, { maxLength: 12 }), async (blocks) => {
        const stream = new Gunzip();
        stream.write(GZIP_HEADER);
        for (const { text, stored } of blocks)
          assert.deepEqual(
            await stream.write(stored ? storedBlock(text) : compressBlock(text)),
            text,
          );
      }),
      { numRuns: 40 },
    );
  });

  test("decodes for two viewers who joined at different points", async () => {
    const blocks = Array.from({ length: 20 }, (_, i) => compressBlock(Buffer.from(danmaku(i))));
    for (const joined of [0, 7, 19]) {
      const stream = new Gunzip();
      stream.write(GZIP_HEADER);
      await stream.write(storedBlock(Buffer.from("hello")));
      for (let i = joined; i < blocks.length; i++) {
        const text = await stream.write(blocks[i] as Buffer);
        assert.equal(text.toString(), danmaku(i));
      }
    }
  });

  test("decodes in any order, as each block stands alone", async () => {
    const blocks = Array.from({ length: 8 }, (_, i) => compressBlock(Buffer.from(danmaku(i))));
    const order = fc.shuffledSubarray(blocks.map((_, i) => i));
    await fc.assert(
      fc.asyncProperty(order, async (chosen) => {
        const stream = new Gunzip();
        stream.write(GZIP_HEADER);
        for (const i of chosen)
          assert.equal((await stream.write(blocks[i] as Buffer)).toString(), danmaku(i));
      }),
      { numRuns: 20 },
    );
  });
});

describe("a stored block", () => {
  test("of nothing is nothing", () => {
    assert.equal(storedBlock(Buffer.alloc(0)).length, 0);
  });

  test("costs five bytes for each 64 KiB", () => {
    for (const [length, blocks] of [
      [1, 1],
      [65_535, 1],
      [65_536, 2],
      [131_070, 2],
      [131_071, 3],
    ] as const)
      assert.equal(storedBlock(noise(length)).length, length + 5 * blocks);
  });
});

describe("the shared stream", () => {
  /** What happens in a room between two passes. */
  const aPass = fc.record({
    text: fc.oneof(
      fc.integer({ min: 0, max: 400 }).map((count) => danmaku(count).repeat(count)),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 40_000 }).map((length) => noise(length).toString("base64")),
    ),
    wait: fc.integer({ min: 0, max: 700 }),
    /** Another viewer comes before the pass. */
    joins: fc.boolean(),
    /** Something is said to one viewer alone, so that it is out of step. */
    interrupts: fc.boolean(),
  });

  test("decodes for viewers who came at any time and were now and then out of step", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aPass, { minLength: 1, maxLength: 15 }), async (passes) => {
        const deflate = new SharedDeflate();
        const viewers: { stream: Gunzip; inStep: boolean }[] = [];
        let now = 0;
        for (const { text, wait, joins, interrupts } of passes) {
          now += wait;
          if (joins) {
            const stream = new Gunzip();
            stream.write(GZIP_HEADER);
            viewers.push({ stream, inStep: false });
          }
          const [first] = viewers;
          if (interrupts && first !== undefined) {
            await first.stream.write(storedBlock(Buffer.from("only you")));
            first.inStep = false;
          }
          const plain = Buffer.from(text);
          const rejoin = viewers.some(({ inStep }) => !inStep);
          const block = deflate.next(plain, rejoin, now);
          for (const viewer of viewers) {
            if (block.alone) viewer.inStep = true;
            const bytes = viewer.inStep ? block.bytes : compressBlock(plain);
            assert.equal((await viewer.stream.write(bytes)).toString(), text);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test("begins with a block that stands alone, and again after an interruption", () => {
    const deflate = new SharedDeflate();
    const kinds = [1, 2, 3].map((n) => deflate.next(Buffer.from(danmaku(n)), false, n).alone);
    deflate.interrupt();
    kinds.push(deflate.next(Buffer.from(danmaku(4)), false, 4).alone);
    assert.deepEqual(kinds, [true, false, false, true]);
  });

  test("lets those out of step rejoin after a second at most, and not more often", () => {
    const deflate = new SharedDeflate();
    const alone: number[] = [];
    for (let now = 0; now < 5000; now += 50)
      if (deflate.next(Buffer.from(danmaku(now)), true, now).alone) alone.push(now);
    assert.deepEqual(alone, [0, 1000, 2000, 3000, 4000]);
  });

  test("lets those out of step rejoin also after the clock stepped back", () => {
    const deflate = new SharedDeflate();
    deflate.next(Buffer.from(danmaku(0)), true, 3_600_000);
    const kinds = [0, 500, 1000].map((now) => deflate.next(Buffer.from("x"), true, now).alone);
    assert.ok(kinds.includes(true));
  });

  test("takes less than blocks that stand alone", () => {
    const deflate = new SharedDeflate();
    let shared = 0;
    let alone = 0;
    for (let n = 0; n < 200; n++) {
      const text = Buffer.from(danmaku(n));
      shared += deflate.next(text, false, n).bytes.length;
      alone += compressBlock(text).length;
    }
    assert.ok(shared * 2 < alone, `${shared} of ${alone}`);
  });
});
