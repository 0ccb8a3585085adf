import assert from "node:assert/strict";
import { test } from "node:test";
import { newestFitting } from "../../services/message/one-answer.ts";
import { danmaku } from "../support/danmaku.ts";

const long = (id: number) => danmaku(id, { content: "好".repeat(100) });

test("what fits into one answer is given whole", () => {
  const tail = { messages: [5, 7].map(long), prev: 3 };
  assert.deepEqual(newestFitting(tail), tail);
  assert.deepEqual(newestFitting({ messages: [], prev: 3 }), { messages: [], prev: 3 });
});

test("of more than that the newest are given, with the id before them", () => {
  const messages = [5, 7, 9].map(long);
  const two = Buffer.byteLength(JSON.stringify(messages.slice(1)));
  const { messages: newest, prev } = newestFitting({ messages, prev: 3 }, two);
  assert.deepEqual([newest.map(({ id }) => id), prev], [[7, 9], 5]);
});
