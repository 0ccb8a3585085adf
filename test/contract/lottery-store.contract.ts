import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ModelStatic, Sequelize } from "sequelize";
import { migrations } from "../../lib/database/migrate.ts";
import { entryRepo } from "../../services/lottery/entry.repo.ts";
import type { Candidate } from "../../services/lottery/entry-store.ts";
import { type LotteryModel, lotteryEntity } from "../../services/lottery/lottery.model.ts";
import { claimRepo, drawRepo, lotteryRepo } from "../../services/lottery/lottery.repo.ts";
import type { NewLottery } from "../../services/lottery/lottery.ts";
import { winnerRepo } from "../../services/lottery/winner.repo.ts";

const LIVE_ID = 2 ** 53 - 5;
const OWNER = 900;
const NOW = 1_700_000_000_000;
const END = NOW / 1000 + 60;

let made = 2 ** 52;

function aLottery(different: Partial<NewLottery> = {}): NewLottery {
  return {
    id: ++made,
    live_id: LIVE_ID,
    owner_id: OWNER,
    prize: "a 🚀 'prize'",
    places: 3,
    create_ms: NOW,
    end_time: END,
    condition: { kind: "none", value: "" },
    at_show_end: "cancel",
    blocked: [],
    after_lotteries: [],
    min_account_age: 0,
    commitment: "c".repeat(64),
    beacon_round: null,
    seed: "5".repeat(64),
    scanned: 0,
    due_ms: NOW,
    ...different,
  };
}

const candidate = (lottery_id: number, user_id: number): Candidate => ({
  lottery_id,
  user_id,
  user_name: `用户 ${user_id}`,
  entered: false,
});

const people = (...ids: number[]) => ids.map((id) => ({ user_id: id, user_name: `user ${id}` }));

/** What every database has to do as a store of lotteries. `open` answers one without any tables. */
export function lotteryStoreContract(
  name: string,
  open: (t: TestContext) => Promise<Sequelize>,
): void {
  async function store(t: TestContext, ...lotteries: NewLottery[]) {
    const database = await open(t);
    await migrations(database).up();
    const model = database.define(
      lotteryEntity.name,
      lotteryEntity.define,
    ) as ModelStatic<LotteryModel>;
    const all = {
      lotteries: lotteryRepo(model),
      claims: claimRepo(model),
      draws: drawRepo(model),
      entries: entryRepo(database),
      winners: winnerRepo(database),
    };
    for (const lottery of lotteries) await all.lotteries.insert(lottery);
    return all;
  }

  /** Takes a lottery that is due; answers the token. */
  async function claim({ claims }: Awaited<ReturnType<typeof store>>, id: number, token = 7) {
    const due = (await claims.next(100)).find((one) => one.id === id);
    assert.ok(due);
    assert.ok(await claims.claim(due, token, NOW + 2_000));
    return token;
  }

  describe(`a store of lotteries: ${name}`, () => {
    it("gives every term of a lottery back as it was, the seed only where it is asked for", async (t) => {
      const lottery = aLottery({
        condition: { kind: "keyword", value: "抽奖 'Go'" },
        at_show_end: "draw",
        blocked: [2 ** 53 - 1, 5],
        after_lotteries: [1, 2],
        min_account_age: 86_400,
        beacon_round: 2 ** 33,
      });
      const { lotteries } = await store(t, lottery);
      const { seed, due_ms: _, ...terms } = lottery;
      assert.deepEqual(await lotteries.find(lottery.id), {
        ...terms,
        status: "open",
        cancel_reason: null,
        close_ms: END * 1000,
        beacon: "",
        entries_digest: "",
        entrants: 0,
        over_ms: 0,
        scanned: 0,
        announced: false,
      });
      assert.equal(await lotteries.findSeed(lottery.id), seed);
      assert.equal(await lotteries.find(1), null);
    });

    it("lists a room's lotteries from the newest on, in pages", async (t) => {
      const [a, b, c] = [aLottery(), aLottery(), aLottery()];
      const { lotteries } = await store(t, a, b, c, aLottery({ live_id: 1 }));
      const ids = async (before: number, limit: number) =>
        (await lotteries.ofRoom(LIVE_ID, before, limit)).map(({ id }) => id);
      assert.deepEqual(await ids(Number.MAX_SAFE_INTEGER, 2), [c.id, b.id]);
      assert.deepEqual(await ids(b.id, 2), [a.id]);
      assert.equal(await lotteries.countOpen(LIVE_ID), 3);
    });

    it("finds what is due and will be, the earliest first", async (t) => {
      const [late, early, later] = [
        aLottery({ due_ms: NOW }),
        aLottery({ due_ms: NOW - 5 }),
        aLottery({ due_ms: NOW + 1 }),
      ];
      const { claims } = await store(t, late, early, later);
      assert.deepEqual(await claims.next(10), [
        { id: early.id, due_ms: NOW - 5 },
        { id: late.id, due_ms: NOW },
        { id: later.id, due_ms: NOW + 1 },
      ]);
      assert.deepEqual(await claims.next(1), [{ id: early.id, due_ms: NOW - 5 }]);
    });

    it("lets one of several take a lottery that is due, and another when its lease is over", async (t) => {
      const lottery = aLottery();
      const { claims } = await store(t, lottery);
      const [due] = await claims.next(1);
      assert.ok(due);
      const won = await Promise.all(
        [11, 12, 13, 14].map((token) => claims.claim(due, token, NOW + 2_000)),
      );
      assert.equal(won.filter(Boolean).length, 1);
      const [again] = await claims.next(1);
      assert.equal(again?.due_ms, NOW + 2_000);
      assert.ok(await claims.claim(again, 15, NOW + 4_000));
    });

    it("keeps who lost a lottery from everything", async (t) => {
      const lottery = aLottery();
      const all = await store(t, lottery);
      const { id } = lottery;
      const { claims, draws, lotteries } = all;
      const lost = await claim(all, id, 11);
      const holder = await claim(all, id, 12);
      const outcome = { entries_digest: "d".repeat(64), entrants: 1, winners: [1] };
      const tried = [
        await claims.renew(id, lost, NOW + 9_000),
        await claims.release(id, lost, null),
        await draws.introduce(id, lost),
        await draws.freeze(id, lost),
        await draws.callOff(id, lost, "no_beacon", NOW),
      ];
      assert.deepEqual(tried, [false, false, false, false, false]);
      await draws.scanned(id, lost, 77);
      assert.deepEqual((await lotteries.find(id))?.scanned, 0);

      assert.ok(await claims.renew(id, holder, NOW + 3_000));
      assert.ok(await draws.introduce(id, holder));
      assert.ok(await draws.freeze(id, holder));
      assert.equal(await draws.keepBeacon(id, lost, "b".repeat(64)), false);
      assert.ok(await draws.keepBeacon(id, holder, "b".repeat(64)));
      assert.equal(await draws.finish(id, lost, outcome, NOW), false);
      assert.ok(await draws.finish(id, holder, outcome, NOW + 5));
      assert.equal(await draws.finish(id, holder, outcome, NOW + 6), false, "once");
      assert.ok(await claims.release(id, holder, null));
      const { status, entrants, over_ms, beacon } = (await lotteries.find(id)) ?? {};
      assert.deepEqual(
        { status, entrants, over_ms, beacon },
        { status: "drawn", entrants: 1, over_ms: NOW + 5, beacon: "b".repeat(64) },
      );
      assert.deepEqual(await claims.next(1), []);
    });

    it("takes a lottery from who works on it when it is cancelled or closed", async (t) => {
      const [one, other] = [aLottery(), aLottery()];
      const all = await store(t, one, other);
      const [first, second] = [await claim(all, one.id, 11), await claim(all, other.id, 12)];
      assert.ok(await all.lotteries.cancel(one.id, "owner", NOW));
      assert.ok(await all.lotteries.close(other.id, NOW));
      assert.equal(await all.draws.freeze(one.id, first), false);
      assert.equal(await all.draws.freeze(other.id, second), false);
      assert.deepEqual(
        (await all.claims.next(10)).map(({ due_ms }) => due_ms),
        [NOW, NOW],
      );
      assert.equal(await all.lotteries.cancel(one.id, "owner", NOW), false);
      assert.equal(await all.lotteries.close(other.id, NOW), false);
    });

    it("notes that a room was told, and leaves a lottery alone that somebody works on", async (t) => {
      const [mine, taken] = [aLottery(), aLottery()];
      const all = await store(t, mine, taken);
      const token = await claim(all, taken.id);
      await all.lotteries.introduced(mine.id, NOW + 60_000);
      await all.lotteries.introduced(taken.id, NOW + 60_000);
      assert.equal((await all.lotteries.find(mine.id))?.announced, true);
      assert.equal((await all.lotteries.find(taken.id))?.announced, false);
      assert.ok(await all.draws.introduce(taken.id, token));
      assert.deepEqual(await all.claims.next(10), [
        { id: taken.id, due_ms: NOW + 2_000 },
        { id: mine.id, due_ms: NOW + 60_000 },
      ]);
    });

    it("ends the open lotteries of a room with its show, as each wants", async (t) => {
      const cancelled = aLottery();
      const drawn = aLottery({ at_show_end: "draw" });
      const elsewhere = aLottery({ live_id: 5 });
      const { lotteries } = await store(t, cancelled, drawn, elsewhere);
      assert.deepEqual(await lotteries.openRooms(0, 10), [5, LIVE_ID]);
      assert.equal(await lotteries.showEnded(LIVE_ID, NOW), 2);
      assert.equal(await lotteries.showEnded(LIVE_ID, NOW + 1), 0);
      const found = await Promise.all(
        [cancelled, drawn, elsewhere].map(({ id }) => lotteries.find(id)),
      );
      assert.deepEqual(
        found.map((one) => [one?.status, one?.cancel_reason, one?.close_ms]),
        [
          ["cancelled", "show_ended", END * 1000],
          ["open", null, NOW],
          ["open", null, END * 1000],
        ],
      );
      assert.deepEqual(await lotteries.openRooms(5, 10), [LIVE_ID]);
    });

    it("enters everybody once, however often they come", async (t) => {
      const lottery = aLottery();
      const { entries } = await store(t, lottery);
      const { id } = lottery;
      const users = [7, 2 ** 53 - 1, 7, 3];
      for (let time = 0; time < 2; time++) {
        const wanted = users.map((user) => candidate(id, user));
        await entries.enter(wanted, NOW);
        assert.ok(wanted.every(({ entered }) => entered));
      }
      assert.deepEqual(await entries.page(id, 0, 10), [3, 7, 2 ** 53 - 1]);
      assert.equal(await entries.count(id), 3);
      assert.deepEqual(await entries.names(id, [7, 8]), [{ user_id: 7, user_name: "用户 7" }]);
    });

    it("enters nobody where entry is over, and says so for each", async (t) => {
      const [open, frozen, cancelled, over] = [
        aLottery(),
        aLottery(),
        aLottery(),
        aLottery({ end_time: NOW / 1000 }),
      ];
      const all = await store(t, open, frozen, cancelled, over);
      await all.entries.enter([candidate(frozen.id, 1)], NOW);
      assert.ok(await all.draws.freeze(frozen.id, await claim(all, frozen.id)));
      await all.lotteries.cancel(cancelled.id, "owner", NOW);
      const wanted = [over, cancelled, frozen, open, { id: 4 }].map(({ id }) => candidate(id, 2));
      await all.entries.enter(wanted, NOW);
      assert.deepEqual(
        wanted.map(({ entered }) => entered),
        [false, false, false, true, false],
      );
      assert.deepEqual(await all.entries.page(frozen.id, 0, 10), [1]);
    });

    it("has everybody in that was answered so, and nobody else, when it is frozen in a rush", async (t) => {
      const [one, other] = [aLottery(), aLottery()];
      const all = await store(t, one, other);
      const token = await claim(all, one.id);
      const wanted: Candidate[] = [];
      let frozen: Promise<boolean> | undefined;
      const atFreeze: Promise<number[]>[] = [];
      await Promise.all(
        Array.from({ length: 60 }, async (_, batch) => {
          // Both lotteries in one commit, users in no order, many of them several times.
          const some = Array.from({ length: 20 }, (_, i) =>
            candidate(i % 2 ? one.id : other.id, 1 + ((batch * 37 + i * 61) % 997)),
          );
          wanted.push(...some);
          if (batch === 30) {
            frozen = all.draws.freeze(one.id, token);
            atFreeze.push(frozen.then(() => all.entries.page(one.id, 0, 10_000)));
          }
          await all.entries.enter(some, NOW);
        }),
      );
      assert.equal(await frozen, true);
      const answered = wanted.filter(({ lottery_id, entered }) => lottery_id === one.id && entered);
      const ids = [...new Set(answered.map(({ user_id }) => user_id))].sort((a, b) => a - b);
      assert.deepEqual(await all.entries.page(one.id, 0, 10_000), ids);
      assert.deepEqual(await atFreeze[0], ids, "nobody came after the freeze");
      assert.ok(wanted.every(({ lottery_id, entered }) => lottery_id === one.id || entered));
    });

    it("reads entrants in pages, ascending", async (t) => {
      const lottery = aLottery();
      const { entries } = await store(t, lottery);
      const ids = Array.from({ length: 2_500 }, (_, i) => ((i * 7_919) % 100_003) + 1);
      await entries.add(lottery.id, people(...ids));
      await entries.add(lottery.id, people(...ids.slice(0, 10)));
      const read: number[] = [];
      for (let after = 0; ; after = read.at(-1) ?? 0) {
        const page = await entries.page(lottery.id, after, 1_000);
        read.push(...page);
        if (page.length < 1_000) break;
      }
      assert.deepEqual(
        read,
        ids.toSorted((a, b) => a - b),
      );
    });

    it("keeps winners in the order of the draw, also when they are stored again", async (t) => {
      const lottery = aLottery();
      const { winners } = await store(t, lottery);
      await winners.add(lottery.id, people(5, 3, 4));
      await winners.add(lottery.id, people(5, 3, 4));
      assert.deepEqual(await winners.ids(lottery.id), [5, 3, 4]);
      assert.deepEqual(
        await winners.idsOf([lottery.id, 8]),
        new Map([
          [lottery.id, [5, 3, 4]],
          [8, []],
        ]),
      );
      assert.deepEqual(await winners.among([lottery.id, 8], [3, 9]), new Set([3]));
      assert.deepEqual((await winners.list(lottery.id))[1], {
        place: 2,
        user_id: 3,
        user_name: "user 3",
        contact: "",
        claim_time: 0,
      });
    });

    it("shows somebody what they have won, once it is drawn", async (t) => {
      const [first, second, pending] = [aLottery(), aLottery(), aLottery()];
      const all = await store(t, first, second, pending);
      for (const { id } of [first, second, pending]) await all.winners.add(id, people(9, 3));
      const outcome = { entries_digest: "d".repeat(64), entrants: 2, winners: [9, 3] };
      for (const { id } of [first, second]) {
        const token = await claim(all, id);
        await all.draws.freeze(id, token);
        await all.draws.finish(id, token, outcome, NOW + 61_500);
      }
      assert.ok(await all.winners.claim(second.id, 3, "call me", END + 9));
      assert.ok(await all.winners.claim(second.id, 3, "call me", END + 9), "again");
      assert.equal(await all.winners.claim(second.id, 4, "me too", END + 9), false);
      const prize = { live_id: LIVE_ID, gift: first.prize, place: 2, draw_time: END + 1 };
      assert.deepEqual(await all.winners.prizes(3, Number.MAX_SAFE_INTEGER, 10), [
        { lottery_id: second.id, ...prize, contact: "call me", claim_time: END + 9 },
        { lottery_id: first.id, ...prize, contact: "", claim_time: 0 },
      ]);
      assert.deepEqual(
        (await all.winners.prizes(3, second.id, 10)).map(({ lottery_id }) => lottery_id),
        [first.id],
      );
      assert.deepEqual(await all.lotteries.lastDrawn(OWNER, 1), [second.id]);
      assert.deepEqual(await all.lotteries.lastDrawn(OWNER, 9), [second.id, first.id]);
    });
  });
}
