import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMultipart } from "../../services/api/multipart.ts";

const TYPE = "multipart/form-data; boundary=x";

/** A body of parts, each its own headers and content. */
function body(...parts: string[]): Buffer {
  return Buffer.from(`${parts.map((part) => `--x\r\n${part}\r\n`).join("")}--x--\r\n`);
}

const field = (name: string, value: string) =>
  `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
const file = (name: string, content: string) =>
  `Content-Disposition: form-data; name="${name}"; filename="f.mp4"\r\nContent-Type: video/mp4\r\n\r\n${content}`;

const refused =
  (name: string, problem = "") =>
  (error: unknown) => {
    const { type, data } = error as {
      type: string;
      data: { fields?: { problem: string }[] } | null;
    };
    return type === name && (data?.fields?.[0]?.problem ?? "").startsWith(problem);
  };

describe("a multipart form", () => {
  it("is its fields, in order, repeated ones included", async () => {
    const whole = body(
      field("a", "1"),
      field("名", "弹幕 & 🚀"),
      field("a", ""),
      field("b", "x\r\ny"),
    );
    assert.deepEqual(await parseMultipart(whole, TYPE), [
      ["a", "1"],
      ["名", "弹幕 & 🚀"],
      ["a", ""],
      ["b", "x\r\ny"],
    ]);
  });

  it("may hold files, which are ignored", async () => {
    const whole = body(file("data", "\u0000".repeat(40_000)), field("a", "1"));
    assert.deepEqual(await parseMultipart(whole, TYPE), [["a", "1"]]);
  });

  it("that is cut anywhere is refused, and nothing else happens", async () => {
    const whole = body(field("a", "1"), file("data", "x".repeat(200)), field("b", "2"));
    for (let length = 1; length < whole.length - 4; length += 3) {
      const cut = whole.subarray(0, length);
      await assert.rejects(parseMultipart(cut, TYPE), refused("BAD_REQUEST", "is no multipart"));
    }
  });

  it("of more than a hundred fields is refused", async () => {
    const fields = Array.from({ length: 101 }, (_, n) => field(`p${n}`, ""));
    await assert.rejects(parseMultipart(body(...fields), TYPE), refused("BAD_REQUEST", "has more"));
    assert.equal((await parseMultipart(body(...fields.slice(1)), TYPE)).length, 100);
  });

  it("without a boundary is no type that is known", async () => {
    const type = "multipart/form-data";
    await assert.rejects(parseMultipart(body(), type), refused("UNSUPPORTED_MEDIA_TYPE"));
  });

  it("of bytes that are no text is refused", async () => {
    const bytes = Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from("\r\n--x--\r\n"),
    ]);
    await assert.rejects(parseMultipart(bytes, TYPE), refused("BAD_REQUEST", "is not UTF-8"));
  });
});
