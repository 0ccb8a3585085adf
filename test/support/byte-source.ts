import { createHash } from "node:crypto";

/** A piece of what {@link bytesOf} gives, in bytes. */
export const PIECE_BYTES = 65_536;

/** Bytes that differ from place to place, in pieces, without ever holding them all. */
export async function* bytesOf(size: number, seed = 1): AsyncGenerator<Buffer> {
  for (let from = 0; from < size; from += PIECE_BYTES)
    yield piece(from, Math.min(PIECE_BYTES, size - from), seed);
}

export async function allOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const each of source) pieces.push(each);
  return Buffer.concat(pieces);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function piece(from: number, length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4)
    bytes.writeUInt32LE((Math.imul((from + at) / 4 + seed, 2_654_435_761) ^ seed) >>> 0, at);
  return bytes;
}
