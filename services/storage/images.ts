import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { type ErrorData, fail } from "../../contracts/errors.ts";
import type { ImageShape } from "../../contracts/objects.ts";
import { ImageError, ImagesWaitingError, remakeImage } from "../../lib/image.ts";
import type { ObjectStore } from "../../lib/object-store/object-store.ts";
import type { Keeping } from "./keeping.ts";

/** How long to come back later when many images are being worked on, in ms. */
const BUSY_MS = 3_000;

/** An image that came with a request, and what it is to become. */
export interface NewImage {
  /** Key of the object that holds it for now. */
  object: string;
  owner: number;
  purpose: string;
  shape: ImageShape;
  /** How the client called it, for errors. */
  field: string;
}

/**
 * Makes an image of ours out of one that came in and keeps it, under a name made of its content.
 *
 * @param temporary a key for the finished image until it has its own
 * @returns that name, and the owner's turn
 * @throws ProductError IMAGE_REFUSED with the reason; QUOTA_EXCEEDED; UNAVAILABLE
 */
export async function keepImage(
  { objects, keeping }: { objects: ObjectStore; keeping: Keeping },
  { object, owner, purpose, shape, field }: NewImage,
  temporary: string,
): Promise<{ key: string; turn: number }> {
  const source = (await objects.get(object)) ?? fail("UNAVAILABLE");
  const bytes = await remake(await read(source.stream), shape, field);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const object_key = `image/${sha256}.webp`;
  await objects.put(temporary, piece(bytes));
  try {
    const use = { owner_id: owner, purpose, object_key, bytes: bytes.length };
    return { key: object_key, turn: await keeping.keep(use, temporary) };
  } finally {
    await objects.remove(temporary);
  }
}

async function remake(bytes: Buffer, shape: ImageShape, field: string): Promise<Buffer> {
  try {
    return await remakeImage(bytes, shape);
  } catch (error) {
    if (error instanceof ImagesWaitingError) fail("UNAVAILABLE", { retry_after_ms: BUSY_MS });
    if (!(error instanceof ImageError)) throw error;
    const data: ErrorData = { fields: [{ field, problem: error.message }] };
    return fail("IMAGE_REFUSED", data);
  }
}

/** The gateway has seen to its size. */
async function read(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const each of stream) pieces.push(each as Buffer);
  return Buffer.concat(pieces);
}

async function* piece(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
