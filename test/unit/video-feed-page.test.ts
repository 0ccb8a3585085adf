import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PAGE_SIZE, readCursor, toPage } from "../../services/video/feed-page.ts";
import { seededRandom } from "../support/seeded-random.ts";

const NOW = 1_795_300_000_500;
type Video = { create_ms: number };

/** A page as the service makes it: what is older, newest first, one more than fits. */
function page(all: readonly Video[], latestTime: number | undefined, nowMs = NOW) {
  const cursor = readCursor(latestTime, nowMs);
  const older = all.filter(({ create_ms }) => create_ms < cursor.beforeMs);
  const found = older.toSorted((a, b) => b.create_ms - a.create_ms).slice(0, PAGE_SIZE + 1);
  return toPage(found, cursor, nowMs);
}

/** Everything a client gets who always asks for `next_time`. */
function readAll(all: readonly Video[], first: number | undefined): number[] {
  const seen: number[] = [];
  for (let latest = first, pages = 0; ; pages++) {
    assert.ok(pages <= all.length, "it ends");
    const { videos, next_time } = page(all, latest);
    if (videos.length === 0) return seen;
    assert.ok(videos.length <= PAGE_SIZE);
    seen.push(...videos.map(({ create_ms }) => create_ms));
    latest = next_time;
  }
}

describe("latest_time", () => {
  it("is the present when it is absent or 0", () => {
    for (const absent of [undefined, 0])
      assert.deepEqual(readCursor(absent, NOW), {
        beforeMs: Number.POSITIVE_INFINITY,
        unit: "ms",
        latestTime: NOW,
      });
  });

  it("is in ms when it is large enough", () => {
    assert.equal(readCursor(NOW - 1, NOW).beforeMs, NOW - 1);
  });

  it("is in seconds when it is smaller", () => {
    const { beforeMs, unit } = readCursor(1_795_299_999, NOW);
    assert.deepEqual({ beforeMs, unit }, { beforeMs: 1_795_299_999_000, unit: "s" });
  });

  it("in seconds that are not over yet is the present", () => {
    assert.equal(readCursor(1_795_300_000, NOW).beforeMs, Number.POSITIVE_INFINITY);
  });
});

describe("a page of the feed", () => {
  const spread = Array.from({ length: 95 }, (_, n) => ({ create_ms: NOW - 10_000 - n * 137 }));
  const newestFirst = (all: readonly Video[]) =>
    all.map(({ create_ms }) => create_ms).sort((a, b) => b - a);

  it("names the time of its oldest video as the next one", () => {
    const { videos, next_time } = page(spread, undefined);
    assert.equal(videos.length, PAGE_SIZE);
    assert.equal(next_time, videos.at(-1)?.create_ms);
  });

  it("answers in the unit it was asked in", () => {
    assert.ok(page(spread, NOW).next_time > 1e12);
    assert.ok(page(spread, Math.floor(NOW / 1000)).next_time < 1e11);
  });

  it("that is empty says the time it was asked for", () => {
    assert.deepEqual(page([], 1_795_000_000), { videos: [], next_time: 1_795_000_000 });
    assert.deepEqual(page([], undefined), { videos: [], next_time: NOW });
  });

  it("of those asked for in ms skips and repeats nothing", () => {
    assert.deepEqual(readAll(spread, undefined), newestFirst(spread));
    assert.deepEqual(readAll(spread, NOW), newestFirst(spread));
  });

  it("of those asked for in seconds skips and repeats nothing, however many share a second", () => {
    const random = seededRandom(7);
    for (let round = 0; round < 200; round++) {
      const span = 1 + Math.floor(random() * 20_000);
      const times = new Set<number>();
      const count = Math.min(span, 1 + Math.floor(random() * 120));
      while (times.size < count) times.add(NOW - Math.floor(random() * span));
      const all = [...times].map((create_ms) => ({ create_ms }));
      assert.deepEqual(readAll(all, Math.floor(NOW / 1000)), newestFirst(all), `round ${round}`);
    }
  });

  it("names the place in ms when one second fills more than a page", () => {
    const burst = Array.from({ length: 70 }, (_, n) => ({ create_ms: 1_795_200_000_000 + n }));
    const first = page(burst, Math.floor(NOW / 1000));
    assert.equal(first.next_time, first.videos.at(-1)?.create_ms);
    assert.deepEqual(readAll(burst, Math.floor(NOW / 1000)), newestFirst(burst));
  });
});
