import sharp from "sharp";
import type { ImageShape } from "../contracts/objects.ts";
import { createSlots } from "./slots.ts";

/** Pixels that an image may have before it is made smaller; more than cameras of phones make. */
export const MAX_PIXELS = 64_000_000;
/** Pixels of either side. */
const MAX_SIDE = 16_383;
/** An image that takes longer to decode is given up, in seconds. */
const TIMEOUT_S = 10;
/** Of WebP, 1 to 100. */
const QUALITY = 80;
/** Images that are worked on at a time, each on one thread of libuv's pool; and how many may wait. */
const SLOTS = { running: 2, waiting: 64 };

/** How large images are kept: `inside` keeps the proportions, `cover` cuts to fill. */
const sizes = {
  cover: { width: 1280, height: 720, fit: "inside" },
  background: { width: 1920, height: 1080, fit: "inside" },
  avatar: { width: 256, height: 256, fit: "cover" },
} as const satisfies Record<ImageShape, object>;

/** Not an image that is taken; `message` says why, to go on after the name of the field. */
export class ImageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ImageError";
  }
}

/** So many images wait already that this one was not taken. */
export { SlotsFullError as ImagesWaitingError } from "./slots.ts";

// Pixels are not worth keeping: each image is decoded once. The threads are what is scarce.
sharp.cache(false);
sharp.concurrency(1);
// libvips reads many formats; strangers get to use only these.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp"],
});

const slots = createSlots(SLOTS);

/**
 * Decodes a JPEG, PNG or WebP image that a stranger sent and makes a new one of it: upright, no larger
 * than the shape, without its metadata, as WebP. Of an animation the first picture is taken. The work
 * is done on libuv's threads.
 *
 * @throws ImageError; ImagesWaitingError
 */
export function remakeImage(bytes: Buffer, shape: ImageShape): Promise<Buffer> {
  return slots.run(async () => {
    if (!isKnownFormat(bytes)) throw new ImageError("is not a JPEG, PNG or WebP image");
    await checkSize(bytes);
    const { width, height, fit } = sizes[shape];
    try {
      return await open(bytes)
        .autoOrient()
        .resize({ width, height, fit, withoutEnlargement: fit === "inside" })
        .webp({ quality: QUALITY })
        .timeout({ seconds: TIMEOUT_S })
        .toBuffer();
    } catch {
      throw new ImageError("cannot be decoded");
    }
  });
}

/** By its head alone: what it would take to decode is known before anything is decoded. */
async function checkSize(bytes: Buffer): Promise<void> {
  const { width, height } = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => {
      throw new ImageError("cannot be decoded");
    });
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS)
    throw new ImageError(`has more than ${MAX_PIXELS / 1_000_000} million pixels`);
}

function open(bytes: Buffer) {
  // The bound of checkSize comes first; this one is for what a head does not tell.
  return sharp(bytes, { failOn: "error", limitInputPixels: MAX_PIXELS, sequentialRead: true });
}

/** By the first bytes; what a file is called is no evidence. */
function isKnownFormat(bytes: Buffer): boolean {
  const head = bytes.toString("latin1", 0, 12);
  return (
    head.startsWith("\xff\xd8\xff") ||
    head.startsWith("\x89PNG\r\n\x1a\n") ||
    (head.startsWith("RIFF") && head.endsWith("WEBP"))
  );
}
