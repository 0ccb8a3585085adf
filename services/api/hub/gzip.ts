import { constants, deflateRawSync } from "node:zlib";

/**
 * Compression shared by all viewers of a room (RFC 1951, RFC 1952). A gzip stream is a ten-byte header
 * and a sequence of deflate blocks, which may refer to the last 32 KiB of text before them. Blocks
 * end on a byte boundary, so anybody's stream can go on with any block that refers to nothing the
 * viewer has not been sent.
 *
 * Two kinds of blocks are shared. One that stands alone suits everyone. One that continues refers to
 * what was sent to its section before, and suits the viewers whose stream has had just that ("in step"):
 * at 100 messages a second it takes less than half the bytes. Now and then a block that stands alone
 * is sent to the section, and whoever came meanwhile is in step from then on.
 *
 * The stream's trailer (checksum and length over all that one viewer got) is never sent: a live
 * stream ends by its `end` or `bye` event and the closing of the connection.
 */
export const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/** How much of the text before a continuing block it may refer to; deflate allows 32 KiB. */
const HISTORY_BYTES = 16 * 1024;
/** Viewers who are not in step wait at most this long for a block that stands alone. */
const REJOIN_MS = 1000;

/** A block that stands alone. */
export function compressBlock(text: Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
}

/** One block of a room's shared stream. */
export interface SharedBlock {
  bytes: Buffer;
  /** It refers to nothing before it: whoever is sent it is in step. */
  alone: boolean;
}

/** Makes the blocks of one room, in order. */
export class SharedDeflate {
  /** The end of what viewers in step were sent; null when there is nobody in step. */
  private history: Buffer | null = null;
  private aloneAtMs = 0;

  /** @param rejoin somebody waits to get in step */
  next(text: Buffer, rejoin: boolean, nowMs: number): SharedBlock {
    const { history } = this;
    // The distance, not the difference: the clock may step back.
    if (history === null || (rejoin && Math.abs(nowMs - this.aloneAtMs) >= REJOIN_MS)) {
      this.history = text.subarray(-HISTORY_BYTES);
      this.aloneAtMs = nowMs;
      return { bytes: compressBlock(text), alone: true };
    }
    // A preset dictionary is nothing but text that the decoder has in its window already.
    const bytes = deflateRawSync(text, {
      dictionary: history,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    this.history = Buffer.concat([history, text]).subarray(-HISTORY_BYTES);
    return { bytes, alone: false };
  }

  /** Something was sent without a shared block: nobody is in step any more. */
  interrupt(): void {
    this.history = null;
  }
}

const STORED_MAX = 0xffff;

/**
 * A block for one viewer, uncompressed: costs nothing to make, which counts when thousands resume at
 * once, each at another point.
 */
export function storedBlock(text: Buffer): Buffer {
  const blocks = Math.ceil(text.length / STORED_MAX);
  const out = Buffer.allocUnsafe(text.length + 5 * blocks);
  let to = 0;
  for (let from = 0; from < text.length; from += STORED_MAX) {
    const length = Math.min(STORED_MAX, text.length - from);
    out[to] = 0;
    out.writeUInt16LE(length, to + 1);
    out.writeUInt16LE(~length & 0xffff, to + 3);
    text.copy(out, to + 5, from, from + length);
    to += 5 + length;
  }
  return out;
}
