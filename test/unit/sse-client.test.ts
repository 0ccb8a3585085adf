import assert from "node:assert/strict";
import { test } from "node:test";
import { type ServerSentEvent, SseDecoder } from "../../scripts/lib/sse-client.ts";

const TEXT =
  'retry: 1500\n\n: a comment\n\nid: 12\nevent: message\ndata: {"content":"你好 👋🏽 é"}\n\n' +
  "data: one\ndata: two\n\nid\nevent: end\ndata: {}\n\n";

const EVENTS: ServerSentEvent[] = [
  { event: "message", id: "12", data: '{"content":"你好 👋🏽 é"}' },
  { event: "message", id: null, data: "one\ntwo" },
  { event: "end", id: "", data: "{}" },
];

function decode(...chunks: Uint8Array[]): ServerSentEvent[] {
  const decoder = new SseDecoder();
  return chunks.flatMap((chunk) => decoder.push(chunk));
}

for (const [name, text] of [
  ["LF", TEXT],
  ["CRLF", TEXT.replaceAll("\n", "\r\n")],
] as const) {
  test(`a stream with ${name} reads the same wherever it is cut in two`, () => {
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++)
      assert.deepEqual(
        decode(bytes.subarray(0, cut), bytes.subarray(cut)),
        EVENTS,
        `cut at ${cut}`,
      );
  });

  test(`a stream with ${name} reads the same byte by byte`, () => {
    assert.deepEqual(
      decode(...Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte))),
      EVENTS,
    );
  });
}

test("an event that the stream cuts off is none", () => {
  assert.deepEqual(decode(Buffer.from("id: 1\ndata: half")), []);
});

test("the time until a reconnection is the last one that the server named", () => {
  const decoder = new SseDecoder();
  assert.equal(decoder.retryMs, null);
  decoder.push(Buffer.from("retry: 1500\n\nretry: 2500\n\n"));
  assert.equal(decoder.retryMs, 2500);
});

test("an event without end is refused before it fills the memory", () => {
  const decoder = new SseDecoder();
  decoder.push(Buffer.from("data: "));
  const chunk = Buffer.alloc(1024 * 1024, "x");
  assert.throws(() => {
    for (let i = 0; i < 10; i++) decoder.push(chunk);
  }, /max|buffer/i);
});
