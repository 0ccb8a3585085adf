import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { MessageType } from "../../contracts/objects.ts";
import { formats } from "../../services/message/formats/index.ts";
import { anyShow, anyText, fileOf, messageAt, room } from "../support/exported-message.ts";

interface Element {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Element[];
}

/** Whether XML 1.0 has a place for the character. */
function isAllowed(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    [0x9, 0xa, 0xd].includes(code) ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    code >= 0x10000
  );
}

const allowed = (text: string) => [...text].filter(isAllowed).join("");

function dereference(raw: string): string {
  assert.doesNotMatch(raw, /&(?!(?:amp|lt|gt|quot|apos|#\d+);)/, "a bare ampersand");
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return raw.replace(/&(\w+|#\d+);/g, (_, name: string) => {
    const character = names[name] ?? String.fromCodePoint(Number(name.slice(1)));
    assert.ok(isAllowed(character), `a reference to ${name}`);
    return character;
  });
}

/** Reads a document as strictly as XML 1.0 demands, of the parts of it that the format uses. */
function parseXml(xml: string): Element {
  for (const character of xml) assert.ok(isAllowed(character), `U+${character.codePointAt(0)}`);
  const prolog = '<?xml version="1.0" encoding="UTF-8"?>';
  assert.ok(xml.startsWith(prolog));
  const top: Element = { name: "", attributes: {}, text: "", children: [] };
  const open = [top];
  const token = /<\/(\w+)>|<(\w+)((?: \w+="[^"<]*")*)(\/?)>|([^<]+)/y;
  token.lastIndex = prolog.length;
  while (token.lastIndex < xml.length) {
    const from = token.lastIndex;
    const match = token.exec(xml);
    assert.ok(match, `not well formed: ${JSON.stringify(xml.slice(from, from + 60))}`);
    const [, closing, opening, attributes = "", empty, text] = match;
    const parent = open.at(-1);
    assert.ok(parent, "an element after the root's end");
    if (text !== undefined) {
      assert.ok(!text.includes("]]>"), "]]> in text");
      parent.text += dereference(text.replace(/\r\n?/g, "\n"));
    } else if (closing !== undefined) {
      assert.equal(open.pop()?.name, closing);
    } else if (opening !== undefined) {
      const element: Element = { name: opening, attributes: {}, text: "", children: [] };
      for (const [, name = "", value = ""] of attributes.matchAll(/ (\w+)="([^"]*)"/g)) {
        assert.ok(!(name in element.attributes), `attribute ${name} twice`);
        element.attributes[name] = dereference(value.replace(/[\t\n\r]/g, " "));
      }
      parent.children.push(element);
      if (empty === "") open.push(element);
    }
  }
  assert.deepEqual(open, [top], "an element left open");
  assert.equal(top.text.trim(), "");
  assert.equal(top.children.length, 1, "one root");
  return top.children[0] as Element;
}

const messagesIn = (root: Element) =>
  root.children.filter(({ name }) => !["chatserver", "chatid", "room"].includes(name));

test("a show becomes this file", () => {
  const messages = [
    messageAt(0),
    messageAt(12.3456, {
      id: 2,
      user_id: 7,
      content: '5 > 3 & "so"\u0007',
      style: { mode: "top", color: "#FF8000", size: "small" },
    }),
    messageAt(13, {
      type: MessageType.gift,
      content: "rose",
      data: { gift_name: "玫瑰", gift_count: 3 },
    }),
    messageAt(14.5, {
      type: MessageType.superMessage,
      content: "加油!",
      data: { price: 3000, duration: 60 },
    }),
    messageAt(20, { type: MessageType.lottery, content: "a mug", lottery_id: 99 }),
    messageAt(80, { type: MessageType.winners, content: "[5,6]", lottery_id: 99 }),
  ];
  const expected = `<?xml version="1.0" encoding="UTF-8"?>
<i><chatserver>molimoli</chatserver><chatid>42</chatid><room name="夜 &lt;1&gt; &amp; more" start_time="1700000000"/>
<d p="0.000,1,25,16777215,1700000000,0,01da63f0,373000000000001">你好</d>
<d p="12.346,5,18,16744448,1700000012,0,6abf4a82,2">5 &gt; 3 &amp; &quot;so&quot;</d>
<gift ts="13.000" user="小明" uid="01da63f0" giftname="玫瑰" giftcount="3"/>
<sc ts="14.500" user="小明" uid="01da63f0" price="3000" time="60">加油!</sc>
<lottery ts="20.000" user="小明" uid="01da63f0" id="99">a mug</lottery>
<winners ts="80.000" user="小明" uid="01da63f0" id="99">[5,6]</winners>
</i>
`;
  assert.equal(fileOf(formats.xml(), messages), expected);
});

test("the file is well formed and holds every message, whatever was said", () => {
  fc.assert(
    fc.property(anyShow, (messages) => {
      const root = parseXml(fileOf(formats.xml(), messages));
      const elements = messagesIn(root);
      assert.equal(elements.length, messages.length);
      elements.forEach(({ name, text }, index) => {
        const record = messages[index]?.record;
        if (name !== "gift") assert.equal(text, allowed(record?.content ?? ""));
      });
    }),
  );
});

test("a room may have any name", () => {
  fc.assert(
    fc.property(anyText, (room_name) => {
      const format = formats.xml();
      const root = parseXml(format.head({ ...room, room_name }) + format.tail());
      const names = root.children.map(({ attributes }) => attributes.name);
      assert.deepEqual(names, [undefined, undefined, allowed(room_name)]);
    }),
  );
});

test("every kind of message keeps its sender's name and the sender's hash", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1 }), (user_name, user_id) => {
      const messages = Object.values(MessageType).map((type) =>
        messageAt(1, { type, user_name, user_id, data: { gift_name: user_name } }),
      );
      const hash = crc32(Buffer.from(`${user_id}`))
        .toString(16)
        .padStart(8, "0");
      const [danmaku, ...others] = messagesIn(parseXml(fileOf(formats.xml(), messages)));
      assert.equal(danmaku?.attributes.p?.split(",")[6], hash);
      for (const { attributes } of others) {
        assert.equal(attributes.user, allowed(user_name));
        assert.equal(attributes.uid, hash);
      }
      assert.equal(others[0]?.attributes.giftname, allowed(user_name));
    }),
  );
});

test("mode, size and colour have Bilibili's numbers; a bad colour is white", () => {
  const parameters = (mode: "scroll" | "top" | "bottom", color: string, size: "normal" | "small") =>
    formats
      .xml()
      .encode(messageAt(0, { style: { mode, color, size } }))
      .match(/p="[^,]*,(\d+,\d+,\d+)/)?.[1];
  assert.equal(parameters("scroll", "#0000ff", "normal"), "1,25,255");
  assert.equal(parameters("bottom", "#010000", "small"), "4,18,65536");
  assert.equal(parameters("top", "red", "normal"), "5,25,16777215");
});

test("a message from before the start is written at the start", () => {
  assert.match(formats.xml().encode(messageAt(-2.5)), /^<d p="0\.000,/);
});
