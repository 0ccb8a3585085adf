import assert from "node:assert/strict";
import { test } from "node:test";
import { type LiveMessage, MessageType, type Room } from "../../contracts/objects.ts";
import { Failure } from "../../scripts/bootstrap/failure.mjs";
import type { StreamNews } from "../../scripts/lib/room-stream.ts";
import { clock, Lines } from "../../scripts/watch/lines.ts";
import { MergeDigest } from "../../scripts/watch/merge-digest.ts";
import { readOptions } from "../../scripts/watch/options.ts";
import { colourOf, paint } from "../../scripts/watch/paint.ts";
import { printable, printableJson } from "../../scripts/watch/printable.ts";
import { Screen } from "../../scripts/watch/screen.ts";
import { Watcher } from "../../scripts/watch/watcher.ts";

const START = 1_800_000_000;
const room: Room = {
  live_id: 42,
  room_name: "First show",
  introduction: "",
  owner: 7,
  owner_name: "alice",
  cover: "",
  start_time: START,
  end_time: 0,
  is_live: true,
  streaming: false,
  viewers: 3,
};
const danmaku: LiveMessage = {
  type: MessageType.bullet,
  id: 100,
  user_id: 8,
  live_id: 42,
  live_time: 65,
  send_time: START + 65,
  content: "你好",
  user_name: "小明",
};

/** What a watcher writes while it takes these news. */
function shown(news: StreamNews[], isTTY = false, laterMs = 0): string {
  let text = "";
  const out = { isTTY, write: (chunk: string) => (text += chunk) };
  const screen = new Screen(out as unknown as NodeJS.WriteStream);
  const watcher = new Watcher(room, new Lines(paint(false)), screen);
  for (const one of news) watcher.take(one, START * 1000 + 70_000);
  watcher.tick(START * 1000 + 70_000 + laterMs);
  screen.close();
  return text;
}

const event = (name: string, data: unknown, id: string | null = null): StreamNews => ({
  kind: "event",
  event: { event: name, id, data: JSON.stringify(data) },
});

test("a danmaku cannot control the terminal", () => {
  const attack = "\x1b[2J\x1b]0;title\x07 a\u009b31m\r\n\u202eb\ud800\u2028\tc\u0000";
  assert.equal(printable(attack), "[2J]0;title a31m b� c");
});

test("JSON for other programs holds no control characters, and means the same", () => {
  const value = { content: "\x1b[2J \u009b31m \u202e \u007f 你好" };
  const json = printableJson(value);
  assert.match(json, /^[\x20-\x7e你好]*$/);
  assert.deepEqual(JSON.parse(json), value);
});

test("a user has the same colour always, and users who came one after the other differ", () => {
  const ids = Array.from({ length: 20 }, (_, i) => 373_678_903_365_632 + 4096 * i);
  assert.deepEqual(ids.map(colourOf), ids.map(colourOf));
  assert.ok(new Set(ids.map(colourOf)).size > 10);
});

test("a message is one line with its time, its sender and its text", () => {
  assert.equal(new Lines(paint(false)).message(danmaku), "    1:05  小明 你好");
});

test("gifts and super messages stand out", () => {
  const lines = new Lines(paint(false));
  const data = { gift_name: "火箭", gift_count: 3 };
  const gift = { ...danmaku, type: MessageType.gift, content: "火箭", data };
  assert.equal(lines.message(gift), "    1:05  小明 ♥ 火箭 ×3");
  assert.equal(lines.message({ ...gift, content: "送你" }), "    1:05  小明 ♥ 送你 [火箭 ×3]");
  const dear = { ...danmaku, type: MessageType.superMessage, data: { price: 3000 } };
  assert.equal(lines.message(dear), "    1:05  小明 ★ 你好 [3000]");
});

test("time is told as on a player", () => {
  assert.deepEqual([0, 59, 60, 3599, 3600, 36_061].map(clock), [
    "0:00",
    "0:59",
    "1:00",
    "59:59",
    "1:00:00",
    "10:01:01",
  ]);
});

test("a repeated text is counted once its count has come to rest", () => {
  const digest = new MergeDigest();
  digest.shown(1, "666");
  digest.merged(1, 1, 0);
  digest.merged(1, 5, 1_000);
  assert.deepEqual(digest.settled(1_300), []);
  assert.deepEqual(digest.settled(2_200), [{ content: "666", times: 6 }]);
  assert.deepEqual(digest.settled(9_999), []);
});

test("repeats of a text that was never shown are not told", () => {
  const digest = new MergeDigest();
  digest.merged(1, 5, 0);
  assert.deepEqual(digest.settled(9_999), []);
});

test("texts that were shown long ago are forgotten", () => {
  const digest = new MergeDigest();
  for (let id = 1; id <= 10_000; id++) digest.shown(id, "text");
  digest.merged(1, 1, 0);
  digest.merged(10_000, 1, 0);
  assert.equal(digest.settled(9_999).length, 1);
});

test("a watcher shows messages, and how often they were said", () => {
  const text = shown(
    [event("message", danmaku, "100"), event("merged", { id: 100, count: 2 })],
    false,
    5_000,
  );
  assert.equal(text, "    1:05  小明 你好\n          ×3  你好\n");
});

test("counts that wait are told before the show is over", () => {
  const news: StreamNews[] = [
    event("message", danmaku, "100"),
    event("merged", { id: 100, count: 2 }),
    { kind: "over", reason: "ended", text: "the show is over" },
  ];
  assert.match(shown(news), /×3 {2}你好\n {10}— the show is over —\n$/);
});

test("an interruption is told once, and so is its end", () => {
  const lost: StreamNews = { kind: "lost", reason: "gone", waitMs: 1_500 };
  const text = shown([lost, lost, { kind: "open", again: true }]);
  assert.equal(
    text,
    "          — connection lost: gone; trying again in 2 s —\n          — connected again —\n",
  );
});

test("a terminal has a line at the bottom that stays below what scrolls", () => {
  const text = shown([event("presence", { viewers: 12 }), event("message", danmaku, "100")], true);
  assert.ok(text.includes("\r\x1b[K 1:10 · 12 watching · Ctrl-C leaves"));
  assert.ok(text.includes("小明 你好\n 1:10 · 12 watching"));
  assert.ok(text.endsWith("\r\x1b[K"));
});

test("events of a kind that is not known, or not well made, are left out", () => {
  const broken: StreamNews = { kind: "event", event: { event: "message", id: "1", data: "{" } };
  assert.equal(
    shown([broken, event("message", null), event("novelty", 1), event("presence", "x")]),
    "",
  );
});

test("the command line is understood", () => {
  const options = readOptions(["42", "--recent", "0", "--url", "http://a.example:81/x/"], {});
  assert.deepEqual(options, {
    help: false,
    liveId: 42,
    url: "http://a.example:81/x",
    recent: 0,
    json: false,
    color: true,
  });
});

test("the environment names the port, and whether there are colours", () => {
  const { url, color, liveId } = readOptions([], { PORT: "9000", NO_COLOR: "1" });
  assert.deepEqual(
    { url, color, liveId },
    { url: "http://localhost:9000", color: false, liveId: null },
  );
});

for (const [args, words] of [
  [["abc"], /a live_id is a number, not "abc"/],
  [["0"], /a live_id is a number/],
  [["1", "2"], /one room at a time/],
  [["1", "--recent", "101"], /0 to 100/],
  [["1", "--url", "localhost:8080"], /--url takes an address/],
  [["1", "--colour"], /--colour.*--help/s],
] as const) {
  test(`"watch ${args.join(" ")}" is refused in a sentence`, () => {
    assert.throws(
      () => readOptions(args, {}),
      (error) => error instanceof Failure && words.test(error.message),
    );
  });
}

test("a lottery is told from its beginning to its end", () => {
  const lines = new Lines(paint(false));
  const told = (type: 3 | 4, content: string, data?: LiveMessage["data"]) =>
    lines.message({ ...danmaku, type, content, ...(data === undefined ? {} : { data }) });
  assert.equal(told(3, "a mug"), "    1:05  ◆ A lottery has opened: a mug");
  assert.equal(told(4, "[8,9]"), "    1:05  ◆ The lottery is drawn; its winners: [8,9]");
  assert.equal(told(4, "[]"), "    1:05  ◆ The lottery is drawn; nobody took part");
  const cancelled = told(4, "[]", { cancelled: "owner" });
  assert.equal(cancelled, "    1:05  ◆ The lottery is cancelled, by its owner");
});
