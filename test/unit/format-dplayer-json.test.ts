import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MessageType } from "../../contracts/objects.ts";
import { formats } from "../../services/message/formats/index.ts";
import { anyShow, anyText, fileOf, messageAt } from "../support/exported-message.ts";

const entriesIn = (json: string): [number, number, number, string, string][] => {
  const { code, data, ...rest } = JSON.parse(json);
  assert.equal(code, 0);
  assert.deepEqual(rest, {});
  return data;
};

/** What an element shows whose innerHTML is the text; fails on what would be markup. */
function shownAsHtml(html: string): string {
  assert.doesNotMatch(html, /[<>"']|&(?!(?:amp|lt|gt|quot|#\d+);)/);
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"' };
  return html.replace(/&(\w+|#\d+);/g, (_, name: string) => {
    return names[name] ?? String.fromCodePoint(Number(name.slice(1)));
  });
}

/** Without control characters, lone surrogates and the two that are no characters. */
function kept(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is dropped
  return text.replace(/\p{Surrogate}|[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]/gu, "");
}

test("a show becomes this file", () => {
  const messages = [
    messageAt(0),
    messageAt(12.3456, {
      content: "<b>5 & 3</b>",
      user_name: "O'Neil",
      style: { mode: "bottom", color: "#FF8000", size: "small" },
    }),
    messageAt(13, {
      type: MessageType.gift,
      content: "rose",
      data: { gift_name: "玫瑰", gift_count: 3 },
    }),
    messageAt(14.5, { type: MessageType.superMessage, content: "加油!", data: { price: 3000 } }),
    messageAt(20, { type: MessageType.lottery, content: "a mug", lottery_id: 99 }),
    messageAt(80, { type: MessageType.winners, content: "[5,6]", lottery_id: 99 }),
  ];
  const expected = `{"code":0,"data":[
[0,0,16777215,"小明","你好"],
[12.346,2,16744448,"O&#39;Neil","&lt;b&gt;5 &amp; 3&lt;/b&gt;"],
[13,0,16777215,"小明","小明: 玫瑰 ×3"],
[14.5,1,16777215,"小明","小明: 加油!"],
[20,1,16777215,"小明","🎁 a mug"],
[80,1,16777215,"小明","🏆 ×2"]
]}
`;
  assert.equal(fileOf(formats.json(), messages), expected);
});

test("a show without messages is an empty list", () => {
  assert.deepEqual(entriesIn(fileOf(formats.json(), [])), []);
});

test("a danmaku without text has no place, even as the first one", () => {
  const messages = [messageAt(1, { content: "" }), messageAt(2), messageAt(3, { content: "" })];
  assert.equal(entriesIn(fileOf(formats.json(), messages)).length, 1);
});

test("each file counts its own commas", () => {
  const first = formats.json();
  first.encode(messageAt(1));
  assert.equal(entriesIn(fileOf(formats.json(), [messageAt(2)])).length, 1);
});

test("the file is JSON of the right shape, whatever was said", () => {
  fc.assert(
    fc.property(anyShow, (messages) => {
      const entries = entriesIn(fileOf(formats.json(), messages));
      const withText = messages.filter(
        ({ record }) => record.type !== MessageType.bullet || kept(record.content) !== "",
      );
      assert.equal(entries.length, withText.length);
      entries.forEach(([time, type, color, author, text], index) => {
        assert.equal(time, withText[index]?.time);
        assert.ok([0, 1, 2].includes(type));
        assert.ok(Number.isInteger(color) && color >= 0 && color <= 0xffffff);
        assert.ok(author.isWellFormed() && text.isWellFormed());
        shownAsHtml(author);
        shownAsHtml(text);
      });
    }),
  );
});

test("a player that writes the text as HTML shows what was said", () => {
  fc.assert(
    fc.property(anyText, (content) => {
      const [entry] = entriesIn(fileOf(formats.json(), [messageAt(1, { content: `.${content}` })]));
      assert.equal(shownAsHtml(entry?.[4] ?? ""), `.${kept(content)}`);
    }),
  );
});
