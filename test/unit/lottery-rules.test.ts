import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultConfig } from "../../contracts/config.ts";
import { firstIdAt, idTimeMs } from "../../lib/ids.ts";
import { createWordFilter } from "../../lib/word-filter.ts";
import { excludedFrom } from "../../services/lottery/eligibility.ts";
import { enterBySaying, type KeywordPorts } from "../../services/lottery/keyword-search.ts";
import type { Entrant, Lottery } from "../../services/lottery/lottery.ts";
import { conditionOf, requireEnd } from "../../services/lottery/new-lottery.ts";
import { ShowEnds } from "../../services/lottery/show-ends.ts";
import { Announcements } from "../../services/push/announcements.ts";

const NOW = 1_800_000_000_000;
const OWNER = 9;

function aLottery(different: Partial<Lottery> = {}): Lottery {
  return {
    id: firstIdAt(NOW),
    live_id: 5,
    owner_id: OWNER,
    prize: "a mug",
    places: 2,
    create_ms: NOW,
    end_time: NOW / 1000 + 60,
    condition: { kind: "keyword", value: "me" },
    at_show_end: "cancel",
    blocked: [],
    after_lotteries: [],
    min_account_age: 0,
    commitment: "c".repeat(64),
    beacon_round: null,
    status: "open",
    cancel_reason: null,
    close_ms: NOW + 60_000,
    beacon: "",
    entries_digest: "",
    entrants: 0,
    over_ms: 0,
    scanned: 0,
    announced: true,
    ...different,
  };
}

/** Nobody is left out for what is known of them elsewhere. */
const nobody = {
  winnersAmong: async () => new Set<number>(),
  createTimes: async () => new Map<number, number>(),
};

describe("who may not join", () => {
  it("is the owner, and whoever the owner blocked", async () => {
    const excluded = await excludedFrom(aLottery({ blocked: [3, 4] }), [2, 3, OWNER], nobody);
    assert.equal(excluded.get(3), "blocked");
    assert.equal(excluded.get(OWNER), "owner");
    assert.equal(excluded.has(2), false);
  });

  it("is who won one of the lotteries that count", async () => {
    const asked: unknown[] = [];
    const ports = {
      ...nobody,
      winnersAmong: async (...question: unknown[]) => {
        asked.push(question);
        return new Set([2]);
      },
    };
    const lottery = aLottery({ after_lotteries: [71, 72], blocked: [3] });
    const excluded = await excludedFrom(lottery, [1, 2, 3], ports);
    assert.deepEqual([excluded.get(2), excluded.has(1)], ["won_recently", false]);
    assert.deepEqual(asked, [
      [
        [71, 72],
        [1, 2],
      ],
    ]);
  });

  it("is an account that was too new when the lottery was created, or that nobody knows", async () => {
    const created = new Map([
      [1, NOW / 1000 - 100],
      [2, NOW / 1000 - 99],
    ]);
    const ports = { ...nobody, createTimes: async () => created };
    const excluded = await excludedFrom(aLottery({ min_account_age: 100 }), [1, 2, 3], ports);
    assert.deepEqual(
      [1, 2, 3].map((id) => excluded.get(id)),
      [undefined, "account_too_new", "account_too_new"],
    );
  });
});

describe("a search for a keyword", () => {
  /** A room's history; `fence` is an id up to which it is complete. */
  function room(
    fence: { id: number; now_ms: number },
    said: [id: number, user: number, ms?: number][],
    pageSize = 2,
  ) {
    const entered = new Set<number>();
    const ranges: [number, number][] = [];
    const ports: KeywordPorts = {
      ...nobody,
      fence: async () => fence,
      said: async ({ after, up_to, before }) => {
        ranges.push([after, up_to]);
        const found = said.filter(([id]) => id > after && id <= up_to).slice(0, pageSize);
        const senders = found
          .map(([id, user_id, ms = idTimeMs(id)]) => ({ user_id, second: Math.floor(ms / 1000) }))
          .filter(({ second }) => second < before)
          .map(({ user_id }) => ({ user_id, user_name: "x" }));
        return { senders, next: found.length < pageSize ? null : (found.at(-1)?.[0] ?? null) };
      },
      entries: {
        add: async (_: number, entrants: Entrant[]) => {
          for (const { user_id } of entrants) entered.add(user_id);
        },
      },
    };
    return { ports, entered, ranges };
  }
  const at = (ms: number) => firstIdAt(NOW + ms) + 7;
  const fenceAt = (ms: number) => ({ id: at(ms), now_ms: NOW + ms });

  it("enters who said it after the fence of its creation and before the close, page by page", async () => {
    const { ports, entered } = room(fenceAt(61_000), [
      [at(-1), 1],
      [at(1), 2],
      [at(2), 3],
      [at(3), OWNER],
      [at(59_999), 4],
      [at(60_000), 5],
    ]);
    const found = await enterBySaying(aLottery({ scanned: at(0) }), ports);
    assert.deepEqual([...entered], [2, 3, 4]);
    assert.deepEqual(found, { upTo: at(61_000), complete: true });
  });

  it("is not complete while the room may still accept something of before the close", async () => {
    const { ports, entered } = room(fenceAt(59_000), [
      [at(1), 2],
      [at(59_500), 3],
    ]);
    const found = await enterBySaying(aLottery({ status: "drawing" }), ports);
    assert.deepEqual([...entered], [2]);
    assert.deepEqual(found, { upTo: at(59_000), complete: false });
  });

  it("goes on where the last one ended", async () => {
    const { ports, entered, ranges } = room(fenceAt(9_000), [
      [at(1), 2],
      [at(5_000), 3],
    ]);
    await enterBySaying(aLottery({ scanned: at(4_000) }), ports);
    assert.deepEqual([...entered], [3]);
    assert.deepEqual(ranges, [[at(4_000), at(9_000)]]);
  });

  it("goes by the room's clock where ids are ahead of it", async () => {
    const { ports, entered } = room({ id: at(66_000), now_ms: NOW + 60_000 }, [
      [at(5_900), 2, NOW - 1],
      [at(6_100), 3, NOW + 100],
      [at(65_900), 4, NOW + 59_900],
    ]);
    const found = await enterBySaying(aLottery({ scanned: at(6_000) }), ports);
    assert.deepEqual([...entered], [3, 4]);
    assert.equal(found.complete, true);
  });

  it("leaves out those who may not join", async () => {
    const { ports, entered } = room(fenceAt(9_000), [
      [at(1), 2],
      [at(2), 3],
    ]);
    await enterBySaying(aLottery({ blocked: [2] }), ports);
    assert.deepEqual([...entered], [3]);
  });
});

describe("a new lottery", () => {
  const words = createWordFilter({ ...defaultConfig.words, refuse: ["bad"], mask: ["rude"] });

  it("has its keyword without the blanks around it", () => {
    const condition = conditionOf({ kind: "keyword", value: "  go\n" }, words);
    assert.deepEqual(condition, { kind: "keyword", value: "go" });
  });

  it("has no keyword that a room would refuse or change", () => {
    for (const value of ["so bad", "rude"])
      assert.throws(() => conditionOf({ kind: "keyword", value }, words), {
        type: "CONTENT_REFUSED",
      });
  });

  it("ends ahead, by a day at most", () => {
    const now = NOW / 1000;
    requireEnd(now + 1, NOW);
    requireEnd(now + 86_400, NOW);
    for (const end of [now, now - 1, now + 86_401])
      assert.throws(() => requireEnd(end, NOW), { type: "BAD_REQUEST" });
  });
});

describe("the ends of shows", () => {
  it("are found by looking, page by page, when nobody heard of them", async () => {
    const rooms = Array.from({ length: 250 }, (_, i) => i + 1);
    const ended: number[] = [];
    let changes = 0;
    const ends = new ShowEnds({
      lotteries: {
        openRooms: async (after, limit) => rooms.filter((id) => id > after).slice(0, limit),
        showEnded: async (id) => ended.push(id),
      },
      isLive: async (id) => id % 50 !== 0,
      changed: () => changes++,
      now: () => NOW,
      failed: (_, error) => assert.fail(String(error)),
    });
    await ends.look();
    assert.deepEqual(ended, [50, 100, 150, 200, 250]);
    assert.equal(changes, 5);
  });

  it("are looked for again after a failure", async () => {
    let failures = 0;
    let works = false;
    const ended: number[] = [];
    const ends = new ShowEnds({
      lotteries: { openRooms: async () => [1], showEnded: async (id) => ended.push(id) },
      isLive: async () => (works ? false : Promise.reject(new Error("away"))),
      changed: () => {},
      now: () => NOW,
      failed: () => failures++,
    });
    await ends.look();
    works = true;
    await ends.look();
    assert.deepEqual([failures, ended], [1, [1]]);
  });
});

describe("an announcement", () => {
  it("that is on its way is not made again", async () => {
    const announcements = new Announcements();
    const { promise, resolve } = Promise.withResolvers<number>();
    let made = 0;
    const announce = () => {
      made++;
      return promise;
    };
    const all = Promise.all([1, 2, 3].map(() => announcements.once("7 4", announce)));
    resolve(11);
    assert.deepEqual([await all, made], [[11, 11, 11], 1]);
  });

  it("that failed may be made again", async () => {
    const announcements = new Announcements();
    const failing = () => Promise.reject(new Error("no"));
    await assert.rejects(announcements.once("7 4", failing));
    assert.equal(await announcements.once("7 4", async () => 12), 12);
  });
});

describe("firstIdAt", () => {
  it("is the lowest id of its millisecond", () => {
    const id = firstIdAt(NOW);
    assert.equal(idTimeMs(id), NOW);
    assert.equal(idTimeMs(id - 1), NOW - 1);
    assert.equal(firstIdAt(0), 0);
  });
});
