import assert from "node:assert/strict";
import { test } from "node:test";
import { Validators } from "moleculer";
import { params } from "../../contracts/params.ts";
import { Failure } from "../../scripts/bootstrap/failure.mjs";
import { cast, DEMO_PASSWORD, DEMO_STREAMER, DEMO_VIEWER } from "../../scripts/demo/cast.ts";
import { readOptions } from "../../scripts/demo/options.ts";
import { allPatterns, expand } from "../../scripts/demo/phrases.ts";
import { type Line, show } from "../../scripts/demo/show.ts";
import { seededRandom } from "../support/seeded-random.ts";

const HOUR_MS = 3_600_000;

function play(forMs: number, { bots = 30, rate = 1.5, seed = 1 } = {}): Line[] {
  const lines: Line[] = [];
  for (const line of show({ cast: cast(bots), rate, random: seededRandom(seed) })) {
    if (line.atMs > forMs) return lines;
    lines.push(line);
  }
  return lines;
}

test("the same random numbers make the same show", () => {
  assert.deepEqual(play(60_000), play(60_000));
  assert.notDeepEqual(play(60_000), play(60_000, { seed: 2 }));
});

test("everything that is said is accepted by the API's rules", () => {
  const isValid = new Validators.Fastest().compile({ ...params["push.send"] });
  for (const { type, content, style, data } of play(HOUR_MS)) {
    const said = { live_id: 1, type, content, ...(style && { style }), ...(data && { data }) };
    assert.equal(isValid(said), true, JSON.stringify(said));
  }
});

test("lines come in the order of their time", () => {
  const times = play(HOUR_MS).map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

test("small talk does not sound like a loop", () => {
  const spoken = play(HOUR_MS).map(({ content }) => content);
  const long = spoken.filter((content) => content.length >= 10);
  assert.ok(long.length > 1_000);
  assert.ok(new Set(long).size > long.length * 0.4, `${new Set(long).size} of ${long.length}`);
});

test("there is small talk at the rate asked for, and far more when something happens", () => {
  const seconds = new Array<number>(3600).fill(0);
  for (const { atMs } of play(HOUR_MS - 1))
    seconds[Math.floor(atMs / 1000)] = (seconds[Math.floor(atMs / 1000)] ?? 0) + 1;
  const sorted = seconds.toSorted((a, b) => a - b);
  const median = sorted[1800] as number;
  const peak = sorted[3590] as number;
  assert.ok(median >= 1 && median <= 4, `median ${median}`);
  assert.ok(peak >= 4 * 1.5, `peak ${peak}`);
});

test("a wave is made of few texts that many say at once", () => {
  const lines = play(HOUR_MS);
  const counts = new Map<string, number>();
  for (const { content } of lines) counts.set(content, (counts.get(content) ?? 0) + 1);
  assert.ok((counts.get("666") ?? 0) > 20);
  assert.ok((counts.get("GG") ?? 0) > 5);
});

test("gifts and super messages come now and then, and the streamer says thanks", () => {
  const lines = play(HOUR_MS);
  const gifts = lines.filter(({ type }) => type === 1).length;
  const supers = lines.filter(({ type }) => type === 2).length;
  assert.ok(gifts > 100 && gifts < 400, `${gifts} gifts`);
  assert.ok(supers > 20 && supers < 120, `${supers} super messages`);
  const giver = lines.find(({ type }) => type === 1)?.speaker ?? 0;
  const name = cast(30)[giver]?.name ?? "";
  assert.ok(lines.some(({ speaker, content }) => speaker === null && content.includes(name)));
});

test("nobody says more than the limiter lets through, but for exceptions", () => {
  const lastMs = new Map<number | null, number>();
  let hasty = 0;
  const lines = play(HOUR_MS);
  for (const { atMs, speaker } of lines) {
    if (atMs - (lastMs.get(speaker) ?? Number.NEGATIVE_INFINITY) < 333) hasty++;
    lastMs.set(speaker, atMs);
  }
  assert.ok(hasty < lines.length * 0.01, `${hasty} of ${lines.length}`);
});

test("one bot is enough for a show", () => {
  assert.ok(play(60_000, { bots: 1 }).length > 20);
});

test("every pattern can be expanded", () => {
  for (const { pattern, words } of allPatterns()) {
    const text = expand(pattern, words, seededRandom(1));
    assert.ok(text.length > 0 && !text.includes("{"), pattern);
  }
  for (const [name, choices] of Object.entries(allPatterns()[0]?.words ?? {}))
    for (const word of choices) assert.ok(!word.includes("{"), `{${name}} holds ${word}`);
});

test("a pattern that asks for words that do not exist is a mistake", () => {
  assert.throws(() => expand("{nothing}", {}, Math.random), /no words/);
});

test("everyone in the cast can be registered, under a name of their own", () => {
  const isValid = new Validators.Fastest().compile({ ...params["user.register"] });
  const names = [...cast(200).map(({ name }) => name), DEMO_STREAMER, DEMO_VIEWER];
  for (const username of names)
    assert.equal(isValid({ username, password: DEMO_PASSWORD }), true, username);
  assert.equal(new Set(names).size, names.length);
});

test("the crowd speaks Chinese and English", () => {
  const languages = cast(30).map(({ language }) => language);
  assert.equal(languages.filter((language) => language === "zh").length, 20);
  assert.equal(languages.filter((language) => language === "en").length, 10);
});

test("the command line is understood", () => {
  assert.deepEqual(readOptions([]), { help: false, bots: 30, rate: 1.5 });
  assert.deepEqual(readOptions(["--bots", "5", "--rate", "0.5"]), {
    help: false,
    bots: 5,
    rate: 0.5,
  });
});

for (const args of [
  ["--bots", "0"],
  ["--bots", "201"],
  ["--rate", "abc"],
  ["--rate", "1000"],
  ["x"],
  ["--bot", "1"],
]) {
  test(`"demo ${args.join(" ")}" is refused in a sentence`, () => {
    assert.throws(() => readOptions(args), Failure);
  });
}
