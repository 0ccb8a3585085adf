import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { Result } from "../../../contracts/actions.ts";
import type { Gift, LotteryOptions, LotteryWinner, Prize } from "../../../contracts/lottery.ts";
import type { LotteryProof } from "../../../contracts/objects.ts";
import { drawAmong } from "../../../services/lottery/fairness.ts";
import { placements } from "../../support/api-client.ts";
import { waitFor } from "../../support/wait-for.ts";
import {
  api,
  bystander,
  end,
  endedShow,
  event,
  historyOf,
  type Member,
  messagesOf,
  NO_ROOM,
  newMember,
  newShow,
  type Show,
  say,
  server,
  watch,
} from "./suite.ts";

const NO_LOTTERY = NO_ROOM;
const soon = (seconds = 600) => Math.floor(Date.now() / 1000) + seconds;

interface Asked {
  gift?: object;
  condition?: object;
  options?: LotteryOptions;
}

/** A lottery in a show; it ends long after these tests, unless it is drawn. */
async function hold({ live_id, owner }: Show, { gift, ...more }: Asked = {}): Promise<number> {
  const whole = { live_id, gift: "a mug", count: 2, end_time: soon(), ...gift };
  const sent = { token: owner.token, json: { gift: whole, ...more } };
  return (await api.ok<{ id: number }>("POST /lottery", sent)).id;
}

const join = ({ token }: Member, lottery_id: number) =>
  api.ok("POST /lottery/entry", { token, json: { lottery_id } });
const refusedEntry = async ({ token }: Member, lottery_id: number, name: RefusedEntry) =>
  (await api.refused("POST /lottery/entry", name, { token, json: { lottery_id } })).data;
type RefusedEntry = "LOTTERY_CLOSED" | "LOTTERY_CONDITION" | "LOTTERY_NOT_ALLOWED";

async function giftOf(id: number): Promise<Gift> {
  return (await api.ok<{ gift: Gift }>("GET /lottery/single", { query: { id } })).gift;
}

/** Draws a lottery now; answers it with its winners. */
async function draw({ owner }: Show, lottery_id: number): Promise<Gift> {
  await api.ok("POST /lottery/draw", { token: owner.token, json: { lottery_id } });
  return until(lottery_id, "drawn");
}

async function until(id: number, status: Gift["status"]): Promise<Gift> {
  const reached = async () => {
    const gift = await giftOf(id);
    return gift.status === status && gift;
  };
  return waitFor(reached, { message: `a lottery to be ${status}`, timeoutMs: 15_000 });
}

const refusedGift = async (show: Show, asked: Asked) => {
  const gift = { live_id: show.live_id, gift: "x", count: 1, end_time: soon(), ...asked.gift };
  const sent = { token: show.owner.token, json: { ...asked, gift } };
  const { data } = await api.refused("POST /lottery", "BAD_REQUEST", sent);
  return data?.fields?.map(({ field }) => field);
};

describe("POST /lottery", () => {
  for (const placement of placements)
    it(`holds a lottery, asked to in the ${placement}`, async () => {
      const { live_id, owner } = await newShow();
      const gift = { live_id, gift: "一只 🐼", count: 3, end_time: soon() };
      const condition = { kind: "keyword", value: " 抽我 " };
      const options = { exclude_last: 2, blocked: [5], min_account_age: 60, at_show_end: "draw" };
      const sent = { token: owner.token, [placement]: { gift, condition, options } };
      const { id, ...rest } = await api.ok<{ id: number }>("POST /lottery", sent);
      assert.deepEqual(rest, {});
      const { commitment, ...shown } = await giftOf(id);
      assert.match(commitment, /^[0-9a-f]{64}$/);
      assert.deepEqual(shown, {
        ...gift,
        id,
        is_end: false,
        status: "open",
        cancel_reason: null,
        entrants: 0,
        condition: { kind: "keyword", value: "抽我" },
        beacon_round: null,
        winners: [],
      });
    });

  it("tells the room", async (t) => {
    const show = await newShow();
    const viewer = await watch(t, show.live_id);
    const id = await hold(show, { gift: { gift: "a red mug" } });
    const { data } = await event(viewer, "message", (message) => message.type === 3);
    const { message_id, ...message } = data as Record<string, unknown>;
    assert.deepEqual([message.id, message.content], [id, "a red mug"]);
    assert.equal(message.user_id, show.owner.user_id);
    const [kept] = await historyOf(show.live_id);
    assert.deepEqual([kept?.type, kept?.id, kept?.message_id], [3, id, message_id]);
  });

  it("is for the owner of the room", async () => {
    const { live_id } = await newShow();
    const gift = { live_id, gift: "mine", count: 1, end_time: soon() };
    const sent = { token: bystander.token, json: { gift } };
    await api.refused("POST /lottery", "NO_ROOM_RIGHT", sent);
    assert.deepEqual(await historyOf(live_id), []);
  });

  it("is refused in a room that is not there, or whose show is over", async () => {
    const { live_id, owner } = await endedShow();
    const gift = { live_id, gift: "late", count: 1, end_time: soon() };
    await api.refused("POST /lottery", "ROOM_NOT_LIVE", { token: owner.token, json: { gift } });
    const nowhere = { ...gift, live_id: NO_ROOM };
    const sent = { token: owner.token, json: { gift: nowhere } };
    await api.refused("POST /lottery", "ROOM_NOT_FOUND", sent);
  });

  it("wants an end that is ahead, and at most a day", async () => {
    const show = await newShow();
    for (const seconds of [0, -1, 24 * 3600 + 2])
      assert.deepEqual(await refusedGift(show, { gift: { end_time: soon(seconds) } }), [
        "gift.end_time",
      ]);
    await hold(show, { gift: { end_time: soon(24 * 3600 - 2) } });
  });

  it("wants one to a thousand winners, and a prize", async () => {
    const show = await newShow();
    for (const count of [0, 1_001, 1.5])
      assert.deepEqual(await refusedGift(show, { gift: { count } }), ["gift.count"]);
    for (const gift of ["", "  ", "x".repeat(101)])
      assert.deepEqual(await refusedGift(show, { gift: { gift } }), ["gift.gift"]);
    for (const count of [1, 1_000]) await hold(show, { gift: { count, gift: "x".repeat(100) } });
  });

  it("wants a keyword for the condition of that name, and only for that", async () => {
    const show = await newShow();
    for (const condition of [
      { kind: "keyword" },
      { kind: "keyword", value: " " },
      { kind: "none", value: "x" },
      { kind: "follow", value: "x" },
    ])
      assert.equal((await refusedGift(show, { condition }))?.[0]?.split(".")[0], "condition");
  });

  it("lets a room have a hundred that are open", async () => {
    const show = await newShow();
    const ids = await Promise.all(Array.from({ length: 100 }, () => hold(show)));
    const gift = { live_id: show.live_id, gift: "x", count: 1, end_time: soon() };
    const sent = { token: show.owner.token, json: { gift } };
    await api.refused("POST /lottery", "TOO_MANY_LOTTERIES", sent);
    const query = { live_id: show.live_id, limit: 40, before: Math.max(...ids) };
    const { gifts } = await api.ok<{ gifts: Gift[] }>("GET /lottery/multi", { query });
    const newest = ids.toSorted((a, b) => b - a);
    assert.deepEqual(
      gifts.map(({ id }) => id),
      newest.slice(1, 41),
    );
    await end(show);
  });
});

describe("GET /lottery/single and /multi", () => {
  for (const placement of placements)
    it(`show a lottery to anyone, asked for in the ${placement}`, async () => {
      const show = await newShow();
      const [older, newer] = [await hold(show), await hold(show)];
      const sent = { [placement]: { live_id: show.live_id } };
      const { gifts } = await api.ok<{ gifts: Gift[] }>("GET /lottery/multi", sent);
      assert.deepEqual(
        gifts.map(({ id }) => id),
        [newer, older],
      );
      const one = await api.ok<{ gift: Gift }>("GET /lottery/single", {
        [placement]: { id: older },
      });
      assert.deepEqual(one.gift, gifts[1]);
    });

  it("say what is not there", async () => {
    await api.refused("GET /lottery/single", "LOTTERY_NOT_FOUND", { query: { id: NO_LOTTERY } });
    await api.refused("GET /lottery/multi", "ROOM_NOT_FOUND", { query: { live_id: NO_ROOM } });
    const { live_id } = await newShow();
    assert.deepEqual(await api.ok("GET /lottery/multi", { query: { live_id } }), { gifts: [] });
  });
});

describe("POST /lottery/entry", () => {
  for (const placement of placements)
    it(`enters once, however often, asked to in the ${placement}`, async () => {
      const show = await newShow();
      const lottery_id = await hold(show);
      const sent = { token: bystander.token, [placement]: { lottery_id } };
      for (let time = 0; time < 3; time++)
        assert.deepEqual(await api.ok("POST /lottery/entry", sent), {});
      const { entrants, winners } = await draw(show, lottery_id);
      assert.deepEqual([entrants, winners], [1, [bystander.user_id]]);
    });

  it("is for followers of the owner, where that is the condition", async () => {
    const show = await newShow();
    const condition = { kind: "follow", value: "" };
    const lottery = await hold(show, { condition });
    const data = await refusedEntry(bystander, lottery, "LOTTERY_CONDITION");
    assert.deepEqual(data, { condition });
    const to = `to_user_id=${show.owner.user_id}&action_type=1&token=${bystander.token}`;
    const followed = await fetch(`${server.url}/douyin/relation/action/?${to}`, { method: "POST" });
    assert.equal(((await followed.json()) as { status_code: number }).status_code, 0);
    await join(bystander, lottery);
    assert.deepEqual((await draw(show, lottery)).winners, [bystander.user_id]);
  });

  it("counts who has joined while it is open", async () => {
    const lottery = await hold(await newShow());
    for (const member of [bystander, await newMember()]) await join(member, lottery);
    await waitFor(async () => (await giftOf(lottery)).entrants === 2, { message: "the count" });
  });

  it("is refused for a lottery that is not there", async () => {
    const sent = { token: bystander.token, json: { lottery_id: NO_LOTTERY } };
    await api.refused("POST /lottery/entry", "LOTTERY_NOT_FOUND", sent);
  });

  it("is refused for the owner", async () => {
    const show = await newShow();
    const data = await refusedEntry(show.owner, await hold(show), "LOTTERY_NOT_ALLOWED");
    assert.deepEqual(data, { reason: "owner" });
  });

  it("is refused after the draw, and after a cancellation", async () => {
    const show = await newShow();
    const [drawn, cancelled] = [await hold(show), await hold(show)];
    await draw(show, drawn);
    const json = { lottery_id: cancelled };
    await api.ok("POST /lottery/cancel", { token: show.owner.token, json });
    assert.deepEqual(await refusedEntry(bystander, drawn, "LOTTERY_CLOSED"), { status: "drawn" });
    assert.deepEqual(await refusedEntry(bystander, cancelled, "LOTTERY_CLOSED"), {
      status: "cancelled",
    });
  });

  it("is refused when the end has come, and the draw comes by itself", async () => {
    const show = await newShow();
    const lottery = await hold(show, { gift: { end_time: soon(2) } });
    await join(bystander, lottery);
    const { winners, is_end } = await until(lottery, "drawn");
    assert.deepEqual([winners, is_end], [[bystander.user_id], true]);
    await refusedEntry(await newMember(), lottery, "LOTTERY_CLOSED");
  });

  it("is refused for those whom the owner leaves out", async () => {
    const show = await newShow();
    const [winner, blocked] = [await newMember(), await newMember()];
    const before = await hold(show);
    await join(winner, before);
    await draw(show, before);

    const options = { exclude_last: 1, blocked: [blocked.user_id] };
    const lottery = await hold(show, { options });
    const reason = async (member: Member, id: number) =>
      (await refusedEntry(member, id, "LOTTERY_NOT_ALLOWED"))?.reason;
    assert.equal(await reason(winner, lottery), "won_recently");
    assert.equal(await reason(blocked, lottery), "blocked");
    await join(bystander, lottery);

    const forTheOld = await hold(show, { options: { min_account_age: 3_600 } });
    assert.equal(await reason(bystander, forTheOld), "account_too_new");
    const forAll = await hold(show);
    for (const member of [winner, blocked]) await join(member, forAll);
  });
});

describe("a keyword", () => {
  it("enters who says it exactly, blanks around it aside, and nobody else", async () => {
    const show = await newShow();
    const { live_id, owner } = show;
    const early = await newMember();
    await say(early, live_id, "Go 抽");
    const condition = { kind: "keyword", value: "Go 抽" };
    const lottery = await hold(show, { condition, gift: { count: 100 } });
    const [exact, blanks, lower, longer, inside] = await Promise.all(
      Array.from({ length: 5 }, newMember),
    );
    await say(exact as Member, live_id, "Go 抽");
    await say(exact as Member, live_id, "Go 抽");
    await say(blanks as Member, live_id, "  Go 抽\n");
    await say(lower as Member, live_id, "go 抽");
    await say(longer as Member, live_id, "Go 抽!");
    await say(inside as Member, live_id, "Go  抽");
    await say(owner, live_id, "Go 抽");
    const { winners } = await draw(show, lottery);
    assert.deepEqual(
      winners.toSorted((a, b) => a - b),
      [exact, blanks].map((member) => member?.user_id).sort((a = 0, b = 0) => a - b),
    );
  });

  it("is shown to who wants to join without saying it", async () => {
    const condition = { kind: "keyword", value: "open sesame" };
    const lottery = await hold(await newShow(), { condition });
    assert.deepEqual(await refusedEntry(bystander, lottery, "LOTTERY_CONDITION"), { condition });
  });

  it("enters while the lottery is open, as the count shows", async () => {
    const show = await newShow();
    const lottery = await hold(show, { condition: { kind: "keyword", value: "me" } });
    await say(bystander, show.live_id, "me");
    await waitFor(async () => (await giftOf(lottery)).entrants === 1, { message: "the count" });
  });
});

describe("POST /lottery/cancel and /draw", () => {
  for (const operation of ["POST /lottery/cancel", "POST /lottery/draw"]) {
    it(`${operation} is for the owner, before the end`, async () => {
      const show = await newShow();
      const json = { lottery_id: await hold(show) };
      const { token } = show.owner;
      await api.refused(operation, "NO_ROOM_RIGHT", { token: bystander.token, json });
      await api.ok(operation, { token, json });
      await waitFor(
        async () => !["open", "drawing"].includes((await giftOf(json.lottery_id)).status),
      );
      await api.refused(operation, "LOTTERY_CLOSED", { token, json });
      const unknown = { token, json: { lottery_id: NO_LOTTERY } };
      await api.refused(operation, "LOTTERY_NOT_FOUND", unknown);
    });

    for (const placement of placements)
      it(`${operation} takes its parameter from the ${placement}`, async () => {
        const show = await newShow();
        const sent = { token: show.owner.token, [placement]: { lottery_id: await hold(show) } };
        assert.deepEqual(await api.ok(operation, sent), {});
      });
  }

  it("a cancelled lottery is told to the room, with the reason", async (t) => {
    const show = await newShow();
    const viewer = await watch(t, show.live_id);
    const lottery = await hold(show);
    await join(bystander, lottery);
    const json = { lottery_id: lottery };
    await api.ok("POST /lottery/cancel", { token: show.owner.token, json });
    const { data } = await event(viewer, "message", ({ type }) => type === 4);
    const { id, content, data: details } = data;
    assert.deepEqual(
      { id, content, details },
      {
        id: lottery,
        content: "[]",
        details: { cancelled: "owner" },
      },
    );
    const { status, cancel_reason, winners } = await giftOf(lottery);
    assert.deepEqual([status, cancel_reason, winners], ["cancelled", "owner", []]);
  });

  it("the end of the show cancels a lottery with a notice, or draws it, as its owner chose", async () => {
    const show = await newShow();
    const cancelled = await hold(show);
    const drawn = await hold(show, { options: { at_show_end: "draw" } });
    for (const lottery of [cancelled, drawn]) await join(bystander, lottery);
    await end(show);
    assert.equal((await until(cancelled, "cancelled")).cancel_reason, "show_ended");
    assert.deepEqual((await until(drawn, "drawn")).winners, [bystander.user_id]);
    const notices = await waitFor(async () => {
      const said = (await historyOf(show.live_id)).filter(({ type }) => type === 4);
      return said.length === 2 && said;
    });
    const told = new Map(notices.map(({ id, content, data }) => [id, [content, data]]));
    assert.deepEqual(told.get(cancelled), ["[]", { cancelled: "show_ended" }]);
    assert.deepEqual(told.get(drawn), [`[${bystander.user_id}]`, undefined]);
  });
});

describe("a draw", () => {
  it("can be checked by anyone, and is told to the room once", async (t) => {
    const show = await newShow();
    const viewer = await watch(t, show.live_id);
    const lottery = await hold(show, { gift: { count: 3 } });
    const members = await Promise.all(Array.from({ length: 7 }, newMember));
    await Promise.all(members.map((member) => join(member, lottery)));
    const proofOf = (placement: string) =>
      api.ok<Partial<LotteryProof>>("GET /lottery/proof", { [placement]: { id: lottery } });

    const promised = await proofOf("query");
    const { commitment } = await giftOf(lottery);
    const promise = { version: 1, lottery_id: lottery, commitment, beacon_round: null };
    assert.deepEqual(promised, promise);
    await api.refused("GET /lottery/entrants", "LOTTERY_NOT_DRAWN", { query: { id: lottery } });

    const { winners } = await draw(show, lottery);
    assert.equal(winners.length, 3);
    const proof = (await proofOf("form")) as LotteryProof;
    assert.deepEqual(await proofOf("json"), proof);
    const ids = members.map(({ user_id }) => user_id).sort((a, b) => a - b);
    const seed = Buffer.from(proof.seed, "hex");
    assert.equal(createHash("sha256").update(seed).digest("hex"), commitment);
    const outcome = drawAmong({ ...proof, count: 3 }, ids);
    assert.deepEqual(proof, {
      ...promise,
      ...outcome,
      count: 3,
      seed: proof.seed,
      beacon: "",
      entrants_url: `entrants?id=${lottery}`,
    });
    assert.deepEqual(outcome.winners, winners);

    await event(viewer, "message", ({ type }) => type === 4);
    await say(show.owner, show.live_id, "congratulations");
    await event(viewer, "message", ({ type }) => type === 0);
    const told = messagesOf(viewer).filter(({ type }) => type === 4);
    assert.deepEqual(
      told.map(({ id, content }) => [id, JSON.parse(content)]),
      [[lottery, winners]],
    );
  });

  it("leaves a list of entrants, in pages that lead from one to the next", async () => {
    const show = await newShow();
    const lottery = await hold(show);
    const members = await Promise.all(Array.from({ length: 5 }, newMember));
    await Promise.all(members.map((member) => join(member, lottery)));
    await draw(show, lottery);
    type Page = Result<"lottery.entrants">;
    const ids: number[] = [];
    let next: string | null = `entrants?id=${lottery}&limit=2`;
    while (next !== null) {
      const page: Page = await api.ok<Page>("GET /lottery/entrants", {
        query: next.split("?")[1] ?? "",
      });
      ids.push(...page.ids);
      next = page.next_url;
    }
    assert.deepEqual(
      ids,
      members.map(({ user_id }) => user_id).sort((a, b) => a - b),
    );
    for (const placement of placements) {
      const sent = { [placement]: { id: lottery, after: ids[3], limit: 9 } };
      const page = await api.ok<Page>("GET /lottery/entrants", sent);
      assert.deepEqual(page, { ids: [ids[4]], next_url: null });
    }
  });

  it("without entrants has no winners", async () => {
    const show = await newShow();
    const lottery = await hold(show);
    const { winners, entrants } = await draw(show, lottery);
    assert.deepEqual([winners, entrants], [[], 0]);
  });

  it("cannot be checked where there is none", async () => {
    for (const operation of ["GET /lottery/proof", "GET /lottery/entrants"])
      await api.refused(operation, "LOTTERY_NOT_FOUND", { query: { id: NO_LOTTERY } });
  });
});

describe("what was won", () => {
  it("is seen by the winner, who tells the owner how to be reached", async () => {
    const show = await newShow();
    const { live_id, owner } = show;
    const winner = await newMember();
    const first = await hold(show, { gift: { gift: "the first" } });
    const second = await hold(show, { gift: { gift: "the second" } });
    for (const lottery of [first, second]) await join(winner, lottery);
    const token = winner.token;
    const mine = (sent: object) =>
      api.ok<{ prizes: Prize[] }>("GET /lottery/mine", { token, ...sent });
    const claimed = { lottery_id: first, contact: "@me 我" };
    await api.refused("POST /lottery/claim", "NOT_A_WINNER", { token, json: claimed });
    assert.deepEqual(await mine({}), { prizes: [] });

    for (const lottery of [first, second]) await draw(show, lottery);
    for (const placement of placements)
      assert.deepEqual(await api.ok("POST /lottery/claim", { token, [placement]: claimed }), {});
    for (const placement of placements) {
      const { prizes } = await mine({ [placement]: { limit: 1, before: second } });
      const [prize] = prizes;
      const { draw_time = 0, claim_time = 0, ...rest } = prize ?? {};
      assert.ok(draw_time > 0 && claim_time >= draw_time);
      const said = { lottery_id: first, live_id, gift: "the first", place: 1, contact: "@me 我" };
      assert.deepEqual(rest, said);
    }
    const { prizes } = await mine({});
    assert.deepEqual(
      prizes.map(({ lottery_id, contact }) => [lottery_id, contact]),
      [
        [second, ""],
        [first, "@me 我"],
      ],
    );
    for (const placement of placements) {
      const sent = { token: owner.token, [placement]: { id: first } };
      const list = await api.ok<{ winners: LotteryWinner[] }>("GET /lottery/winners", sent);
      const [{ claim_time = 0, ...listed } = {} as Partial<LotteryWinner>] = list.winners;
      assert.ok(claim_time > 0);
      const { user_id, username: user_name } = winner;
      assert.deepEqual(listed, { place: 1, user_id, user_name, contact: "@me 我" });
    }
  });

  it("is for winners to claim and for the owner to see", async () => {
    const show = await newShow();
    const lottery = await hold(show);
    await join(bystander, lottery);
    const sent = { token: show.owner.token, query: { id: lottery } };
    await api.refused("GET /lottery/winners", "LOTTERY_NOT_DRAWN", sent);
    await draw(show, lottery);
    const stranger = await newMember();
    const claimed = { lottery_id: lottery, contact: "me!" };
    await api.refused("POST /lottery/claim", "NOT_A_WINNER", {
      token: stranger.token,
      json: claimed,
    });
    for (const { token } of [bystander, stranger])
      await api.refused("GET /lottery/winners", "NO_ROOM_RIGHT", { token, query: { id: lottery } });

    const { token } = stranger;
    const nowhere = { token, json: { ...claimed, lottery_id: NO_LOTTERY } };
    await api.refused("POST /lottery/claim", "LOTTERY_NOT_FOUND", nowhere);
    const nothing = { token, query: { id: NO_LOTTERY } };
    await api.refused("GET /lottery/winners", "LOTTERY_NOT_FOUND", nothing);
  });
});
