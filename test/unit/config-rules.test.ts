import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { configBounds, defaultConfig } from "../../contracts/config.ts";
import {
  checkConfig,
  MAX_CONFIG_BYTES,
  readConfig,
  withValue,
  writeConfig,
} from "../../services/config/config-rules.ts";

function problems(document: unknown): string[] {
  return (checkConfig(document).problems ?? []).map(({ field, problem }) => `${field} ${problem}`);
}

describe("reading a stored configuration", () => {
  for (const [what, text] of [
    ["nothing", null],
    ["an empty text", ""],
    ["blanks", " \n\t"],
    ["an empty object", "{}"],
    ["an empty section", '{"limiter":{}}'],
    ["a byte order mark", "\ufeff{}"],
  ] as const)
    it(`takes ${what} for the defaults`, () => {
      const { problems: none, ...reading } = readConfig(text);
      assert.equal(none, undefined);
      assert.deepEqual("config" in reading && reading.config, defaultConfig);
    });

  it("merges what is given over the defaults, key by key", () => {
    const reading = readConfig('{"limiter":{"room_rate":7},"words":{"refuse":["spam"]}}');
    assert.ok(reading.problems === undefined);
    assert.equal(reading.config.limiter.room_rate, 7);
    assert.equal(reading.config.limiter.user_rate, defaultConfig.limiter.user_rate);
    assert.deepEqual(reading.config.words, { refuse: ["spam"], mask: [] });
    assert.deepEqual(reading.config.hub, defaultConfig.hub);
  });

  it("leaves the defaults as they are", () => {
    const before = structuredClone(defaultConfig);
    readConfig('{"hub":{"flush_ms":99},"words":{"mask":["x"]}}');
    assert.deepEqual(defaultConfig, before);
  });

  it("says that a text is not JSON", () => {
    const [problem, ...others] = readConfig('{"limiter": {').problems ?? [];
    assert.equal(problem?.field, "config");
    assert.match(problem?.problem ?? "", /^is not JSON: /);
    assert.deepEqual(others, []);
  });

  it("takes its own writing back", () => {
    const document = { limiter: { room_rate: 9 }, words: { mask: ["弹幕", "🎉"] } };
    const reading = readConfig(writeConfig(document));
    assert.deepEqual("document" in reading && reading.document, document);
  });

  it("answers a whole configuration or problems to any text, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
        const reading = readConfig(text);
        if (reading.problems === undefined)
          assert.deepEqual(Object.keys(reading.config), Object.keys(defaultConfig));
        else assert.ok(reading.problems.length > 0);
      }),
    );
  });
});

describe("checking a configuration", () => {
  for (const document of [null, [], "x", 3, true])
    it(`refuses ${JSON.stringify(document)} as a whole`, () => {
      assert.deepEqual(problems(document), ["config must be an object"]);
    });

  it("names each unknown section and key", () => {
    assert.deepEqual(
      problems({ limits: {}, limiter: { rooms: 1, room_rate: 5 }, hub: { constructor: 1 } }),
      [
        "limits is not a known section",
        "limiter.rooms is not a known key",
        "hub.constructor is not a known key",
      ],
    );
  });

  it("is not fooled by keys that every object has", () => {
    assert.deepEqual(problems(JSON.parse('{"__proto__":{"x":1},"toString":{}}')), [
      "__proto__ is not a known section",
      "toString is not a known section",
    ]);
  });

  it("names each value of another type", () => {
    assert.deepEqual(
      problems({
        limiter: { room_rate: "100", user_rate: null },
        features: { guests: 1 },
        words: { refuse: "spam", mask: [1] },
        hub: 3,
      }),
      [
        "limiter.room_rate must be a number from 1 to 100000",
        "limiter.user_rate must be a number from 0.01 to 10000",
        "features.guests must be a boolean",
        "words.refuse must be a list of words",
        "words.mask[0] must be a string",
        "hub must be an object",
      ],
    );
  });

  const limits = Object.entries(configBounds).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, bounds]) => ({ section, key, bounds: bounds as number[] })),
  );
  for (const { section, key, bounds } of limits)
    it(`accepts ${section}.${key} at its bounds and nothing beyond`, () => {
      const [min = 0, max = 0] = bounds;
      for (const value of [min, max])
        assert.deepEqual(problems({ [section]: { [key]: value } }), []);
      for (const value of [min - 0.001, max + 1, Number.NaN, Number.POSITIVE_INFINITY])
        assert.equal(problems({ [section]: { [key]: value } }).length, 1, String(value));
    });

  it("has bounds for every number", () => {
    const unbounded = Object.entries(defaultConfig).flatMap(([section, values]) =>
      Object.entries(values)
        .filter(([, value]) => typeof value === "number")
        .map(([key]) => `${section}.${key}`)
        .filter((path) => !limits.some((limit) => `${limit.section}.${limit.key}` === path)),
    );
    assert.deepEqual(unbounded, []);
  });

  it("accepts the defaults", () => {
    assert.deepEqual(problems(defaultConfig), []);
  });

  it("accepts a word of 100 characters beyond the basic plane and refuses one of 101", () => {
    assert.deepEqual(problems({ words: { refuse: ["🎉".repeat(100)] } }), []);
    assert.deepEqual(problems({ words: { refuse: ["ok", "🎉".repeat(101)] } }), [
      "words.refuse[1] has more than 100 characters",
    ]);
  });

  it("refuses words that cannot be met: blank ones and half characters", () => {
    assert.deepEqual(problems({ words: { mask: ["", " ", "\ud83c"] } }), [
      "words.mask[0] is blank",
      "words.mask[1] is blank",
      "words.mask[2] is not well-formed Unicode",
    ]);
  });

  it("accepts 10,000 words and refuses one more", () => {
    const words = Array.from({ length: 10_000 }, (_, i) => `word${i}`);
    assert.deepEqual(problems({ words: { refuse: words } }), []);
    assert.deepEqual(problems({ words: { refuse: [...words, "x"] } }), [
      "words.refuse has more than 10000 words",
    ]);
  });

  it("refuses lists that are too long for a message to the other nodes", () => {
    const words = Array.from({ length: 9_000 }, () => "字".repeat(30));
    assert.deepEqual(problems({ words: { refuse: words } }), [
      `words are more than ${MAX_CONFIG_BYTES} bytes together`,
    ]);
  });

  it("names no more than 20 problems and counts the others", () => {
    const found = problems({ words: { refuse: Array(50).fill("") } });
    assert.equal(found.length, 21);
    assert.equal(found[20], "config has 30 more problems");
  });
});

describe("changing one value", () => {
  it("keeps everything else of the document", () => {
    const document = { limiter: { room_rate: 5, user_rate: 1 }, features: { guests: false } };
    assert.deepEqual(withValue(document, "limiter.room_rate", 9), {
      limiter: { room_rate: 9, user_rate: 1 },
      features: { guests: false },
    });
  });

  it("starts a section that the document does not have", () => {
    assert.deepEqual(withValue({}, "words.mask", ["x"]), { words: { mask: ["x"] } });
  });

  for (const path of ["limiter", "nothing", "a.b.c", ".", "limiter.", "__proto__.x", "toString.x"])
    it(`makes a document that is refused of the key "${path}"`, () => {
      assert.notDeepEqual(problems(withValue({}, path, 1)), []);
    });
});
