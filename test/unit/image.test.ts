import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { ImageError, ImagesWaitingError, remakeImage } from "../../lib/image.ts";
import { someImage, zipBomb } from "../support/images.ts";

for (const format of ["jpeg", "png", "webp"] as const)
  test(`a ${format} becomes a WebP without its metadata`, async () => {
    const original = await someImage(format);
    assert.ok(original.includes("a secret place"));
    const remade = await remakeImage(original, "cover");
    const { format: made, width, height, exif } = await sharp(remade).metadata();
    assert.deepEqual(
      { made, width, height, exif },
      { made: "webp", width: 64, height: 48, exif: undefined },
    );
    assert.ok(!remade.includes("a secret place"));
  });

test("a cover keeps its proportions and becomes no larger than it may be", async () => {
  for (const [width, height, expected] of [
    [2_560, 1_440, [1_280, 720]],
    [3_000, 500, [1_280, 213]],
    [500, 3_000, [120, 720]],
    [100, 100, [100, 100]],
  ] as const) {
    const remade = await remakeImage(await someImage("jpeg", { width, height }), "cover");
    const made = await sharp(remade).metadata();
    assert.deepEqual([made.width, made.height], expected);
  }
});

test("a portrait is a square of 256 pixels, whatever it was", async () => {
  for (const [width, height] of [
    [1_000, 300],
    [10, 20],
  ] as const) {
    const remade = await remakeImage(await someImage("png", { width, height }), "avatar");
    const made = await sharp(remade).metadata();
    assert.deepEqual([made.width, made.height], [256, 256]);
  }
});

test("an image is put upright, as its camera says that it was held", async () => {
  const lying = await sharp(await someImage("jpeg", { width: 80, height: 40 }))
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { width, height, orientation } = await sharp(await remakeImage(lying, "cover")).metadata();
  assert.deepEqual(
    { width, height, orientation },
    { width: 40, height: 80, orientation: undefined },
  );
});

test("the same image always becomes the same bytes", async () => {
  const original = await someImage("png");
  assert.ok((await remakeImage(original, "cover")).equals(await remakeImage(original, "cover")));
});

for (const [what, bytes, problem] of [
  ["text", Buffer.from("I am a picture, believe me"), /is not a JPEG, PNG or WebP image/],
  ["nothing", Buffer.alloc(0), /is not a JPEG, PNG or WebP image/],
  ["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /is not a JPEG/],
  ["a GIF", Buffer.from("GIF89a\x01\0\x01\0\0\0\0;", "latin1"), /is not a JPEG, PNG or WebP/],
  ["the beginning of a PNG", Buffer.from("89504e470d0a1a0a", "hex"), /cannot be decoded/],
  ["a bomb by its area", zipBomb(16_000, 16_000), /more than 64 million pixels/],
  ["a bomb by its width", zipBomb(1_000_000, 2), /more than 64 million pixels/],
] as const)
  test(`${what} is refused`, async () => {
    assert.ok(bytes.length < 200_000, `${bytes.length} bytes`);
    await assert.rejects(remakeImage(bytes, "cover"), (error: Error) => {
      assert.ok(error instanceof ImageError);
      assert.match(error.message, problem);
      return true;
    });
  });

test("an image that ends in the middle is refused", async () => {
  const whole = await someImage("png", { width: 500, height: 500 });
  const half = whole.subarray(0, whole.length / 2);
  await assert.rejects(remakeImage(half, "cover"), { message: "cannot be decoded" });
});

test("so many at once are worked on or wait, and the others are told so", async () => {
  const original = await someImage("png");
  const ends = await Promise.allSettled(
    Array.from({ length: 100 }, () => remakeImage(original, "avatar")),
  );
  const refused = ends.filter((end) => end.status === "rejected");
  assert.equal(refused.length, 100 - 66);
  for (const { reason } of refused) assert.ok(reason instanceof ImagesWaitingError);
});
