import { finished, type Readable } from "node:stream";
import { freeChunk } from "./freed-chunks.ts";

/** What {@link inBlocks} gives at a time, in bytes; the last block is shorter. */
export const BLOCK_BYTES = 256 * 1024;

/**
 * Gathers what comes from a socket in one block of memory, which is filled again when the next one is
 * asked for; what the chunks were in is freed at once. So an upload takes the same memory however large
 * it is, and does not wait for V8 to collect anything.
 *
 * @param source whose chunks nobody else has or wants; it is destroyed when this ends early
 * @throws what breaks the stream
 */
export async function* inBlocks(source: Readable): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let filled = 0;
  /** Did not fit as a whole, only up to `taken`; while there is one the stream is paused. */
  let waiting: Buffer | null = null;
  let taken = 0;
  let end: { error: unknown } | undefined;
  let wake = () => {};
  const gather = (chunk: Buffer) => {
    const copied = chunk.copy(block, filled, taken);
    filled += copied;
    taken += copied;
    if (taken < chunk.length) {
      waiting = chunk;
      source.pause();
      wake();
    } else {
      taken = 0;
      waiting = null;
      freeChunk(chunk);
    }
  };
  // Not the stream's own iterator: it puts all that is waiting into a new buffer each time.
  source.on("data", gather);
  const forget = finished(source, { writable: false }, (error) => {
    end = { error };
    wake();
  });
  try {
    for (;;) {
      while (waiting === null && end === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (end?.error) throw end.error;
      if (filled > 0) yield block.subarray(0, filled);
      if (waiting === null) return;
      filled = 0;
      gather(waiting);
      if (waiting === null) source.resume();
    }
  } finally {
    forget();
    source.off("data", gather).destroy();
  }
}
