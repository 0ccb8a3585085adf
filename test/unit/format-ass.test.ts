import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { MessageType } from "../../contracts/objects.ts";
import { formats } from "../../services/message/formats/index.ts";
import { anyShow, anyText, fileOf, messageAt, room } from "../support/exported-message.ts";

const WIDTH = 1920;
const LANES = 20;

/** A text as the script draws it, in pixels and seconds; a standing one has no width. */
interface Drawn {
  isMoving: boolean;
  lane: number;
  start: number;
  end: number;
  width: number;
}

const dialoguesIn = (script: string) =>
  script.split("\n").filter((line) => line.startsWith("Dialogue: "));

function secondsOf(clock: string): number {
  const [, hours, minutes, seconds] = /^(\d+):([0-5]\d):([0-5]\d\.\d\d)$/.exec(clock) ?? [];
  assert.ok(seconds !== undefined, clock);
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function timesOf(dialogue: string): { start: number; end: number } {
  const [, start = "", end = ""] = dialogue.split(",");
  return { start: secondsOf(start), end: secondsOf(end) };
}

function drawnIn(script: string): Drawn[] {
  return dialoguesIn(script).map((line) => {
    const move = /\\an7\\move\(1920,(\d+),-(\d+),\1\)/.exec(line);
    const top = /\\an8\\pos\(960,(\d+)\)/.exec(line);
    const bottom = /\\an2\\pos\(960,(\d+)\)/.exec(line);
    const y = move ? Number(move[1]) : top ? Number(top[1]) : Number(bottom?.[1]) - 54;
    const lane = y / 54;
    assert.ok(Number.isInteger(lane) && lane >= 0 && lane < LANES, line);
    return { ...timesOf(line), isMoving: move !== null, lane, width: Number(move?.[2] ?? 0) };
  });
}

const headAt = (text: Drawn, time: number) =>
  WIDTH - ((WIDTH + text.width) * (time - text.start)) / (text.end - text.start);

/** Whether a text would touch an earlier one if they had the same lane. */
function touches(earlier: Drawn, later: Drawn): boolean {
  if (earlier.end <= later.start) return false;
  if (!earlier.isMoving || !later.isMoving) return true;
  // The distance between tail and head changes steadily: the ends of the common time decide.
  return [later.start, earlier.end].some(
    (time) => headAt(later, time) - (headAt(earlier, time) + earlier.width) < -1e-6,
  );
}

/** The text of a dialogue as libass reads it; fails on anything that would be a command. */
function shownText(dialogue: string): string {
  const [, text = ""] = /^(?:[^,]*,){9}\{[^{}]*\}(.*)$/.exec(dialogue) ?? [];
  const plain = text.replace(/\\([{}])/g, (_, brace: string) =>
    brace === "{" ? "\u0001" : "\u0002",
  );
  assert.doesNotMatch(plain, /[{}]|\\[Nnh]/);
  return plain.replaceAll("\u0001", "{").replaceAll("\u0002", "}").replaceAll("\u2060", "");
}

test("a show becomes this file", () => {
  const messages = [
    messageAt(0),
    messageAt(3661.239, { content: "hi", style: { mode: "top", color: "#FF8000", size: "small" } }),
    messageAt(3662, {
      content: "a\nb",
      style: { mode: "bottom", color: "#ffffff", size: "normal" },
    }),
    messageAt(3663, { type: MessageType.gift, data: { gift_name: "玫瑰", gift_count: 3 } }),
    messageAt(3664, { type: MessageType.superMessage, content: "加油!", data: { price: 3000 } }),
    messageAt(3665, { type: MessageType.lottery, content: "a mug", lottery_id: 99 }),
    messageAt(3666, { type: MessageType.winners, content: "[5,6]", lottery_id: 99 }),
  ];
  const style = (name: string, size: number) =>
    `Style: ${name},sans-serif,${size},&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,0,7,0,0,0,1`;
  const expected = `[Script Info]
; room 42, started at 1700000000 (Unix seconds)
Title: 夜 <1> & more
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 2
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
${style("Normal", 48)}
${style("Small", 36)}

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.00,0:00:08.00,Normal,,0,0,0,,{\\an7\\move(1920,0,-120,0)\\c&HFFFFFF&}你好
Dialogue: 1,1:01:01.24,1:01:06.24,Small,,0,0,0,,{\\an8\\pos(960,0)\\c&H0080FF&}hi
Dialogue: 1,1:01:02.00,1:01:07.00,Normal,,0,0,0,,{\\an2\\pos(960,1080)\\c&HFFFFFF&}a b
Dialogue: 0,1:01:03.00,1:01:11.00,Normal,,0,0,0,,{\\an7\\move(1920,54,-336,54)\\c&HFFFFFF&}小明: 玫瑰 ×3
Dialogue: 1,1:01:04.00,1:01:09.00,Normal,,0,0,0,,{\\an8\\pos(960,108)\\c&HFFFFFF&}小明: 加油!
Dialogue: 1,1:01:05.00,1:01:10.00,Normal,,0,0,0,,{\\an8\\pos(960,162)\\c&HFFFFFF&}🎁 a mug
Dialogue: 1,1:01:06.00,1:01:11.00,Normal,,0,0,0,,{\\an8\\pos(960,216)\\c&HFFFFFF&}🏆 ×2
`;
  assert.equal(fileOf(formats.ass(), messages), expected);
});

test("a text cannot become a command, and is shown as it was written", () => {
  const format = formats.ass();
  const shown: [string, string][] = [
    ["{\\b1}bold", "{\\b1}bold"],
    ["C:\\New", "C:\\New"],
    ["{}", "{}"],
    ["\\{", "\\{"],
    ["one\r\ntwo\tthree", "one two three"],
    ["bell\u0007, lone \ud800 half", "bell, lone  half"],
  ];
  for (const [content, expected] of shown) {
    assert.equal(shownText(format.encode(messageAt(1, { content })).trimEnd()), expected);
  }
  assert.match(format.encode(messageAt(1, { content: "{}" })), /\}\\\{\u2060\\\}\n$/);
});

test("a text of nothing that can be shown has no place", () => {
  assert.equal(formats.ass().encode(messageAt(1, { content: " \n\u0000" })), "");
});

test("scrolling texts take the first lane, and the next where they would touch", () => {
  const script = fileOf(formats.ass(), [
    messageAt(0, { content: "short" }),
    messageAt(0, { content: "at the same time" }),
    messageAt(2, { content: "short as well" }),
    messageAt(4, { content: "so long that it would catch up ".repeat(4) }),
    messageAt(8, { content: "when the first ones have left" }),
  ]);
  assert.deepEqual(
    drawnIn(script).map(({ lane }) => lane),
    [0, 1, 0, 2, 0],
  );
});

test("a fast text does not share the lane of a slow one that it would catch", () => {
  const slow = messageAt(0, { content: "slow" });
  const fast = messageAt(1, { content: "弹".repeat(80) });
  const [first, second] = drawnIn(fileOf(formats.ass(), [slow, fast]));
  assert.ok(first && second);
  assert.notEqual(second.lane, first.lane);
  assert.ok(touches(first, second), "it would have caught it");
});

test("top texts are looked a lane for from the top, bottom texts from the bottom", () => {
  const style = (mode: "top" | "bottom" | "scroll") => ({
    style: { mode, color: "#FFFFFF", size: "normal" as const },
  });
  const script = fileOf(formats.ass(), [
    messageAt(0, style("scroll")),
    messageAt(1, style("top")),
    messageAt(1, style("bottom")),
    messageAt(2, style("bottom")),
    messageAt(6, style("top")),
    messageAt(8, style("top")),
  ]);
  assert.deepEqual(
    drawnIn(script).map(({ lane }) => lane),
    [0, 1, 19, 18, 1, 0],
  );
});

test("texts overlap only when no lane is free, and those of a kind only when none is free of it", () => {
  const content = fc.oneof(
    fc.string({ minLength: 1, maxLength: 80 }).map((text) => `.${text}`),
    fc.integer({ min: 1, max: 60 }).map((length) => "弹".repeat(length)),
  );
  const style = fc.record({
    mode: fc.constantFrom("scroll" as const, "scroll" as const, "top" as const, "bottom" as const),
    color: fc.constant("#FFFFFF"),
    size: fc.constantFrom("normal" as const, "small" as const),
  });
  const crowd = fc.array(fc.tuple(fc.integer({ min: 0, max: 700 }), content, style), {
    minLength: 2,
    maxLength: 120,
    size: "max",
  });
  const seen = { roomy: 0, crossed: 0, full: 0 };
  fc.assert(
    fc.property(crowd, fc.constantFrom(1, 4, 20), (steps, busy) => {
      let ms = 0;
      const messages = steps.map(([pause, text, look]) => {
        ms += Math.floor(pause / busy);
        return messageAt(ms / 1000, { content: text, style: look });
      });
      const texts = drawnIn(fileOf(formats.ass(), messages));
      assert.equal(texts.length, messages.length);
      texts.forEach((text, index) => {
        const touched = texts.slice(0, index).filter((other) => touches(other, text));
        const taken = new Set(touched.map(({ lane }) => lane));
        const ofItsKind = touched.filter(({ isMoving }) => isMoving === text.isMoving);
        const takenByItsKind = new Set(ofItsKind.map(({ lane }) => lane));
        if (!taken.has(text.lane)) seen.roomy += 1;
        else {
          assert.equal(taken.size, LANES, `text ${index} overlaps while a lane is free`);
          if (!takenByItsKind.has(text.lane)) seen.crossed += 1;
          else {
            assert.equal(takenByItsKind.size, LANES, `text ${index} hides one of its kind`);
            seen.full += 1;
          }
        }
      });
    }),
    { numRuns: 60 },
  );
  assert.ok(
    Object.values(seen).every((times) => times > 0),
    JSON.stringify(seen),
  );
});

test("a standing text wider than the screen is made small enough for it", () => {
  const style = { mode: "top" as const, color: "#FFFFFF", size: "normal" as const };
  const line = formats.ass().encode(messageAt(0, { content: "弹".repeat(80), style }));
  const size = Number(/\\fs(\d+)/.exec(line)?.[1]);
  assert.ok(size >= 20 && size * 80 <= WIDTH, `size ${size}`);
  assert.doesNotMatch(formats.ass().encode(messageAt(0, { content: "short", style })), /\\fs/);
});

test("the script is well formed, whatever was said", () => {
  fc.assert(
    fc.property(anyShow, (messages) => {
      const script = fileOf(formats.ass(), messages);
      assert.ok(script.isWellFormed());
      const body = script.slice(script.indexOf("Effect, Text\n") + "Effect, Text\n".length);
      assert.doesNotMatch(body, /[\r\u0085\u2028\u2029]/);
      for (const line of body.split("\n").slice(0, -1)) {
        assert.match(
          line,
          /^Dialogue: [01],[\d:.]+,[\d:.]+,(Normal|Small),,0,0,0,,\{(\\an\d\\(pos|move)\([-\d,]+\)(\\fs\d+)?\\c&H[\dA-F]{6}&)\}/,
        );
        const { start, end } = timesOf(line);
        assert.ok(start < end);
        shownText(line);
      }
    }),
  );
});

test("a room may have any name", () => {
  const linesOfHead = formats.ass().head(room).split("\n").length;
  fc.assert(
    fc.property(anyText, (room_name) => {
      const lines = formats
        .ass()
        .head({ ...room, room_name })
        .split(/[\r\n]/);
      assert.equal(lines.length, linesOfHead);
    }),
  );
});

const ffmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

test("ffmpeg reads every event", { skip: ffmpeg ? false : "ffmpeg is not installed" }, () => {
  const shows = fc.sample(anyShow, { numRuns: 40, seed: 7 });
  const script = fileOf(
    formats.ass(),
    shows.flat().toSorted((a, b) => a.time - b.time),
  );
  const events = dialoguesIn(script).length;
  assert.ok(events > 100);
  const read = spawnSync(
    "ffmpeg",
    ["-hide_banner", "-loglevel", "warning", "-i", "pipe:0", "-f", "ass", "pipe:1"],
    { input: script, encoding: "utf8", timeout: 30_000, maxBuffer: 64 * 1024 * 1024 },
  );
  assert.equal(read.status, 0, read.stderr);
  assert.equal(dialoguesIn(read.stdout.replaceAll("\r", "")).length, events, read.stderr);
});
