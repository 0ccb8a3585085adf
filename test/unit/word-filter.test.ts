import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createWordFilter } from "../../lib/word-filter.ts";

const refused = (words: string[], text: string) =>
  createWordFilter({ refuse: words, mask: [] }).check(text).refused;
const masked = (words: string[], text: string) =>
  createWordFilter({ refuse: [], mask: words }).check(text).text;

describe("the word filter", () => {
  it("refuses a text with a listed word anywhere in it", () => {
    assert.equal(refused(["广告"], "买广告找我"), true);
    assert.equal(refused(["广告"], "广而告之"), false);
    assert.equal(refused(["spam"], "nospamhere"), true);
  });

  it("says nothing of the text it refuses", () => {
    const filter = createWordFilter({ refuse: ["bad"], mask: ["ugly"] });
    assert.deepEqual(filter.check("bad and ugly"), { refused: true, text: "bad and ugly" });
  });

  it("replaces masked words and nothing else", () => {
    assert.equal(masked(["广告", "spam"], "买广告 or spam!"), "买** or ****!");
  });

  it("masks what overlaps as one", () => {
    assert.equal(masked(["abc", "cde"], "xabcdex"), "x*****x");
  });

  it("finds a word inside the beginning of a longer one", () => {
    assert.equal(refused(["abcd", "bc"], "abce"), true);
    assert.equal(masked(["abcd", "bc"], "abce"), "a**e");
  });

  it("finds a word inside a longer one that is masked as a whole", () => {
    assert.equal(masked(["b", "abc"], "abc b"), "*** *");
  });

  for (const [evasion, text] of [
    ["letter case", "SpAm"],
    ["full-width letters", "ｓｐａｍ"],
    ["mathematical letters", "𝕤𝕡𝕒𝕞"],
    ["circled letters", "ⓢⓟⓐⓜ"],
    ["zero-width spaces", "s\u200bp\u200ba\u200bm"],
    ["joiners", "s\u200dp\u2060a\ufeffm"],
    ["soft hyphens", "sp\u00adam"],
    ["variation selectors", "s\ufe0fpa\ufe0fm"],
    ["blanks between letters", "s p  a m"],
    ["ideographic blanks", "s\u3000p\u3000a\u3000m"],
  ] as const)
    it(`is not evaded by ${evasion}`, () => {
      assert.equal(refused(["spam"], `well, ${text} !`), true);
      const stars = "*".repeat([...text].length);
      assert.equal(masked(["spam"], `well, ${text} !`), `well, ${stars} !`);
    });

  it("is not evaded by blanks between Chinese characters", () => {
    assert.equal(masked(["傻瓜"], "你 傻 瓜 吗"), "你 *** 吗");
  });

  it("does not join words of a script that has blanks", () => {
    assert.equal(refused(["ass"], "as soon as possible"), false);
    assert.equal(refused(["am"], "I am a man"), true);
    assert.equal(refused(["iam"], "I am a man"), false);
  });

  it("finds a listed word that has blanks in it, however many blanks the text has", () => {
    assert.equal(refused(["buy now"], "please BUY   now"), true);
    assert.equal(refused(["buy now"], "buynow"), false);
  });

  it("compares composed and decomposed marks alike", () => {
    assert.equal(masked(["café"], "un cafe\u0301 noir"), "un ***** noir");
    assert.equal(refused(["cafe"], "un café noir"), false);
  });

  it("reads the lists as loosely as the texts", () => {
    assert.equal(refused(["ＳＰ\u200bＡＭ"], "spam"), true);
  });

  it("leaves out words of which nothing can be seen", () => {
    const filter = createWordFilter({ refuse: ["", " ", "\u200b"], mask: ["\ufeff"] });
    assert.deepEqual(filter.check("a\u200bb \ufeff"), { refused: false, text: "a\u200bb \ufeff" });
  });

  it("knows no difference between words and the names of what every object has", () => {
    assert.equal(
      masked(["constructor", "__proto__"], "x.constructor.__proto__"),
      "x.***********.*********",
    );
    assert.equal(refused(["x"], "toString"), false);
  });
});

const unicode = fc.string({ unit: "binary", maxLength: 60 });
const grapheme = fc.string({ unit: "grapheme", maxLength: 60 });
const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "B", " ", "字", "\u200b") });
const wordLists = fc.array(
  fc.string({ unit: fc.constantFrom("a", "b", "c", "字"), minLength: 1, maxLength: 4 }),
);

describe("the word filter, for any text", () => {
  it("never throws", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(unicode, grapheme)),
        fc.oneof(unicode, grapheme),
        (words, text) => {
          createWordFilter({ refuse: words, mask: words.slice(1) }).check(text);
        },
      ),
    );
  });

  it("leaves a text without listed words exactly as it is", () => {
    fc.assert(
      fc.property(fc.oneof(unicode, grapheme), (text) => {
        const filter = createWordFilter({ refuse: ["qqqqq"], mask: ["zzzzz", "甲乙丙丁戊"] });
        assert.deepEqual(filter.check(text), { refused: false, text });
      }),
    );
  });

  it("keeps the number of characters, and changes nothing but into asterisks", () => {
    fc.assert(
      fc.property(wordLists, fc.oneof(letters, unicode), (words, text) => {
        const before = [...text];
        const after = [...masked(words, text)];
        assert.equal(after.length, before.length);
        assert.ok(after.every((character, i) => character === before[i] || character === "*"));
      }),
    );
  });

  it("leaves no listed word behind", () => {
    fc.assert(
      fc.property(wordLists, letters, (words, text) => {
        assert.equal(refused(words, masked(words, text)), false);
      }),
    );
  });

  it("finds what a plain search finds", () => {
    const plain = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 5 })),
        plain,
        (words, text) => {
          assert.equal(
            refused(words, text),
            words.some((word) => text.includes(word)),
          );
          const covered = [...text].map((_, i) =>
            words.some((word) => [...word].some((_, k) => text.startsWith(word, i - k) && i >= k)),
          );
          const expected = [...text].map((letter, i) => (covered[i] ? "*" : letter)).join("");
          assert.equal(masked(words, text), expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});
