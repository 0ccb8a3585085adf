import assert from "node:assert/strict";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { BLOCK_BYTES, inBlocks } from "../../lib/object-store/blocks.ts";
import { freeReads } from "../../lib/object-store/freed-chunks.ts";
import { bytesOf, sha256Of } from "../support/byte-source.ts";
import { cleanUp } from "../support/cleanup.ts";

for (const [what, sizes] of [
  ["nothing", []],
  ["little", [1]],
  ["one block", [BLOCK_BYTES]],
  ["more than a block at once", [BLOCK_BYTES * 3 + 1]],
  ["small pieces", Array(5000).fill(999)],
  [
    "pieces of all sizes",
    [1, 65_536, 700, 300_000, BLOCK_BYTES, 2, 65_536, 65_536, 65_536, 65_536],
  ],
] as const satisfies [string, number[]][])
  test(`what comes is gathered in blocks, all full but the last: ${what}`, async () => {
    const whole = Buffer.concat(await Array.fromAsync(bytesOf(sum(sizes))));
    const seen: Buffer[] = [];
    for await (const block of inBlocks(Readable.from(cut(whole, sizes))))
      seen.push(Buffer.from(block));
    assert.ok(whole.equals(Buffer.concat(seen)));
    assert.ok(seen.slice(0, -1).every(({ length }) => length === BLOCK_BYTES));
    assert.ok(seen.every(({ length }) => length > 0 && length <= BLOCK_BYTES));
  });

test("all blocks are in the same memory, and that of the chunks is freed", async () => {
  const chunks = Array.from({ length: 20 }, () => Buffer.alloc(65_536, 1));
  const used = new Set<ArrayBufferLike>();
  for await (const { buffer } of inBlocks(Readable.from(chunks))) used.add(buffer);
  assert.equal(used.size, 1);
  assert.deepEqual(new Set(chunks.map(({ length }) => length)), new Set([0]));
});

test("memory that others have a part of is left alone", async () => {
  const shared = Buffer.alloc(65_536, 1);
  for await (const _ of inBlocks(Readable.from([shared.subarray(1), shared.subarray(0, 9)])));
  assert.equal(shared.length, 65_536);
});

test("a source is read no further than its reader has taken", async () => {
  let given = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for (;;) {
      given += 65_536;
      yield Buffer.alloc(65_536);
    }
  }
  const source = Readable.from(counted(), { objectMode: false, highWaterMark: 65_536 });
  const blocks = inBlocks(source);
  for (let taken = 1; taken <= 3; taken++) {
    await blocks.next();
    assert.ok(given <= taken * BLOCK_BYTES + 4 * 65_536, `${given} after ${taken} blocks`);
  }
  await blocks.return(undefined);
  assert.ok(source.destroyed, "who ends early ends the source");
});

test("what breaks the source is thrown, also while its reader is busy", async () => {
  const source = new PassThrough();
  const blocks = inBlocks(source);
  source.write(Buffer.alloc(BLOCK_BYTES + 1));
  assert.equal((await blocks.next()).value?.length, BLOCK_BYTES);
  source.destroy(new TypeError("the sender is gone"));
  await assert.rejects(blocks.next(), { name: "TypeError", message: "the sender is gone" });
});

test("a source that is cut off is not taken for a whole one", async () => {
  const source = new PassThrough();
  const blocks = inBlocks(source);
  source.write("half");
  const next = blocks.next();
  source.destroy();
  await assert.rejects(next, { code: "ERR_STREAM_PREMATURE_CLOSE" });
});

test("what the socket of an answer was read into is freed, and the answer is whole", async (t) => {
  const whole = Buffer.concat(await Array.fromAsync(bytesOf(3_000_000)));
  const server = createServer((_, res) => res.end(whole)).listen(0, "127.0.0.1");
  cleanUp(t, () => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await new Promise<IncomingMessage>((resolve) => get({ port }, resolve));
  const read: Buffer[] = [];
  freeReads(answer);
  answer.socket.on("data", (chunk: Buffer) => read.push(chunk));
  assert.equal(sha256Of(await buffer(answer)), sha256Of(whole));
  assert.ok(read.length > 10);
  assert.ok(
    read.every(({ length }) => length < 512),
    "nothing but small reads is left",
  );
});

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

/** Pieces that each have memory of their own. */
function* cut(whole: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let from = 0;
  for (const size of sizes) {
    const piece = Buffer.allocUnsafeSlow(size);
    whole.copy(piece, 0, from, from + size);
    from += size;
    yield piece;
  }
}
