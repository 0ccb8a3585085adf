import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

/** An image of one colour, with a place and a time of shooting in its metadata. */
export function someImage(
  format: "jpeg" | "png" | "webp",
  { width = 64, height = 48, color = "#3366cc" } = {},
): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: color } })
    .withExif({ IFD0: { Copyright: "a secret place" } })
    .toFormat(format)
    .toBuffer();
}

/** A PNG of a few kilobytes that would need `width × height × 3` bytes once it is decoded. */
export function zipBomb(width: number, height: number): Buffer {
  const line = Buffer.alloc(1 + width * 3);
  const some = deflateSync(Buffer.concat(Array.from({ length: 50 }, () => line)));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("IDAT", some),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}
