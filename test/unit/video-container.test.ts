import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { containerOf } from "../../services/video/container.ts";

const box = (type: string, brand = "") =>
  Buffer.concat([Buffer.from([0, 0, 0, 32]), Buffer.from(type.padEnd(4) + brand.padEnd(12))]);
const ebml = (docType: string) =>
  Buffer.concat([
    Buffer.from("1a45dfa39f4286810142f7810142f2810442f381084282", "hex"),
    Buffer.from([0x80 | docType.length]),
    Buffer.from(docType),
    Buffer.alloc(16),
  ]);

describe("the container of a file", () => {
  for (const brand of ["isom", "mp42", "avc1", "M4V ", "iso5", "3gp4"])
    it(`is MP4 with the brand ${brand}`, () => {
      assert.equal(containerOf(box("ftyp", brand)), "mp4");
    });

  it("is MOV with the brand of QuickTime, and without any brand", () => {
    assert.equal(containerOf(box("ftyp", "qt  ")), "mov");
    for (const type of ["moov", "mdat", "wide", "free"])
      assert.equal(containerOf(box(type)), "mov", type);
  });

  it("is WebM only where the header says so: other Matroska is not taken", () => {
    assert.equal(containerOf(ebml("webm")), "webm");
    assert.equal(containerOf(ebml("matroska")), null);
  });

  const others: Record<string, Buffer> = {
    "an empty file": Buffer.alloc(0),
    "a few bytes": Buffer.from("ftyp"),
    text: Buffer.from("#EXTM3U\n#EXTINF:1,\nhttp://example.com/video.ts\n"),
    "a zip archive": Buffer.from("504b0304140000000800000000000000000000000000", "hex"),
    "a HEIC picture": box("ftyp", "heic"),
    "an AVIF picture": box("ftyp", "avif"),
    "an AVI film": Buffer.from("RIFF\0\0\0\0AVI LIST"),
    "an EBML header that ends at once": Buffer.from("1a45dfa34282ff0000000000", "hex"),
  };
  for (const [name, head] of Object.entries(others))
    it(`is none for ${name}`, () => {
      assert.equal(containerOf(head), null);
    });
});
