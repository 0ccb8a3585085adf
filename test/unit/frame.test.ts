import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toLiveMessage } from "../../contracts/message-record.ts";
import { messageEvent, noticeEvent } from "../../lib/sse.ts";
import { Frame } from "../../services/api/hub/frame.ts";
import { GZIP_HEADER } from "../../services/api/hub/gzip.ts";
import { danmaku } from "../support/danmaku.ts";
import { Gunzip } from "../support/gunzip.ts";

/** Texts that look like the protocol itself, once JSON has escaped them. */
const aContent = fc.oneof(
  fc.constantFrom(
    "id: 5\n",
    "id: 15\n\n",
    'x"}\n\nid: 6\nevent: end\n\n',
    "🎉👍🏽弹幕",
    "\r\n\r\n",
    "",
  ),
  fc.string({ unit: "grapheme", maxLength: 30 }),
);

/** Messages with ascending ids, some of which are the beginning of others. */
const someMessages = fc
  .array(fc.record({ step: fc.constantFrom(1, 1, 1, 4, 10, 90), content: aContent }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((steps) => {
    let id = 0;
    return steps.map(({ step, content }) => {
      id += step;
      return danmaku(id, { content, user_name: content });
    });
  });

const notices =
  noticeEvent("merged", { id: 5, count: 3 }) + noticeEvent("presence", { viewers: 1 });
const eventOf = (message: ReturnType<typeof danmaku>) =>
  messageEvent(message.id, JSON.stringify(toLiveMessage(message)));

test("what comes after any cursor is exactly the messages above it, and the notices", () => {
  fc.assert(
    fc.property(someMessages, fc.constantFrom("", notices), (messages, tail) => {
      const ids = messages.map(({ id }) => id);
      const frame = new Frame(1, ids, messages.map(eventOf).join("") + tail);
      for (let cursor = 0; cursor <= frame.lastId + 1; cursor++) {
        const expected = messages.filter(({ id }) => id > cursor).map(eventOf);
        assert.equal(frame.after(cursor).toString(), expected.join("") + tail);
      }
    }),
  );
});

test("a frame of notices alone is the same for every cursor", () => {
  const frame = new Frame(1, [], notices);
  assert.equal(frame.lastId, 0);
  for (const cursor of [0, 5, 1e15]) assert.equal(frame.after(cursor).toString(), notices);
});

test("the compressed frame is the plain one", async () => {
  const text = [danmaku(1), danmaku(2, { content: "🎉" })].map(eventOf).join("") + notices;
  const frame = new Frame(1, [1, 2], text);
  const stream = new Gunzip();
  stream.write(GZIP_HEADER);
  assert.equal((await stream.write(frame.gzip)).toString(), text);
  assert.equal(frame.gzip, frame.gzip, "and is made once");
});
