import { constants, deflateRawSync } from "node:zlib";

/**
 * Compression shared by all viewers (RFC 1951, RFC 1952). A gzip stream is a ten-byte header and a
 * sequence of deflate blocks. Every batch is compressed alone and ended by a full flush: it refers to
 * nothing before it and ends on a byte boundary, so the same bytes continue any viewer's stream.
 *
 * The stream's trailer (checksum and length over all that one viewer got) is never sent: a live
 * stream ends by its `end` or `bye` event and the closing of the connection.
 */
export const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/** A block that several viewers will share. */
export function compressBlock(text: Buffer): Buffer {
  return deflateRawSync(text, { level: 6, memLevel: 7, finishFlush: constants.Z_FULL_FLUSH });
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
