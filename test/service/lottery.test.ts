import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Context, ServiceSchema } from "moleculer";
import type { ModelStatic } from "sequelize";
import type { Result } from "../../contracts/actions.ts";
import { call } from "../../contracts/call.ts";
import type { LotteryProof } from "../../contracts/objects.ts";
import { openDatabase } from "../../lib/database/connect.ts";
import { readEnv } from "../../lib/env.ts";
import { runtimeOf } from "../../mixins/runtime.ts";
import { type Beacon, BeaconError } from "../../services/lottery/beacon.ts";
import { drawAmong } from "../../services/lottery/fairness.ts";
import type { LotteryModel, LotteryRow } from "../../services/lottery/lottery.model.ts";
import { type Step, steps } from "../../services/lottery/steps.ts";
import { as, type LotteryNode, OWNER, startLotteryNode } from "../support/lottery/node.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const soon = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** Draws now, and waits until the room has been told. */
async function draw({ broker, until, told }: LotteryNode, lottery_id: number) {
  await call(broker, "lottery.draw", { lottery_id }, as(OWNER));
  const gift = await until(lottery_id, "drawn");
  await waitFor(async () =>
    (await told(gift.live_id)).some(({ type, id }) => type === 4 && id === lottery_id),
  );
  return gift;
}

/** Recomputes a draw from its proof. */
async function check({ broker }: LotteryNode, id: number): Promise<LotteryProof> {
  const proof = (await call(broker, "lottery.proof", { id })) as LotteryProof;
  const { ids } = await call(broker, "lottery.entrants", { id, limit: 10_000 });
  const { winners, entries_digest, entrants } = drawAmong(proof, ids);
  assert.deepEqual(proof, { ...proof, winners, entries_digest, entrants });
  return proof;
}

const kinds = (messages: { type: number; id: number }[]) =>
  messages.map(({ type, id }) => [type, id]);

describe("a lottery", () => {
  it("takes the steps of a draw in their order, each once", async (t) => {
    const taken: [Step, number][] = [];
    const node = await startLotteryNode(t, { lottery: { reached: (...step) => taken.push(step) } });
    const lottery = await node.hold({ live_id: await node.open() });
    await node.join(lottery, 2, 3, 4, 5);
    await draw(node, lottery);
    await waitFor(() => taken.length === steps.length);
    assert.deepEqual(
      taken,
      steps.map((step) => [step, lottery]),
    );
  });

  it("is drawn once, as its proof says, whatever step a draw breaks off at", async (t) => {
    const broken = new Map<number, Step>();
    const reached = (step: Step, id: number) => {
      if (broken.get(id) !== step) return;
      broken.delete(id);
      throw new Error(`broken off at ${step}`);
    };
    const node = await startLotteryNode(t, { lottery: { reached } });
    const live_id = await node.open();
    const lotteries: number[] = [];
    for (const step of steps) {
      const id = await node.hold({ live_id });
      lotteries.push(id);
      await node.join(id, 2, 3, 4, 5, 6);
      broken.set(id, step);
    }
    await node.end(lotteries);
    for (const id of lotteries) await node.until(id, "drawn");
    await waitFor(async () => broken.size === 0 && (await node.told(live_id)).length === 12, {
      timeoutMs: 20_000,
    });
    for (const id of lotteries) {
      const { winners } = await check(node, id);
      const told = (await node.told(live_id)).filter((message) => message.id === id);
      assert.deepEqual(
        told.map(({ type, content }) => [type, content]),
        [
          [3, "a mug"],
          [4, JSON.stringify(winners)],
        ],
      );
    }
  });

  it("that was due while everything was down is drawn at the next start", async (t) => {
    const env = { DATA_DIR: await tempDir(t) };
    const before = await startLotteryNode(t, { env });
    const live_id = await before.open();
    const lottery = await before.hold({ live_id });
    await before.join(lottery, 2, 3);
    await before.broker.stop();
    const database = openDatabase(readEnv(env));
    await database.query(`UPDATE lotteries SET close_ms = ${Date.now()}, due_ms = ${Date.now()}`);
    await database.close();
    const after = await startLotteryNode(t, { env });
    assert.equal((await after.until(lottery, "drawn")).entrants, 2);
    await waitFor(async () => (await after.told(live_id)).length === 2);
    await check(after, lottery);
  });

  it("is told to its room by whoever finds it, if its maker died before that", async (t) => {
    const node = await startLotteryNode(t);
    const live_id = await node.open();
    const id = await node.hold({ live_id });
    const untold = { id: id + 1, announced: 0, due_ms: Date.now() };
    const lotteries = runtimeOf(node.broker).database.models.lotteries as ModelStatic<LotteryModel>;
    const row = (await lotteries.findOne({ where: { id }, raw: true })) as unknown as LotteryRow;
    await lotteries.create({ ...row, ...untold });
    await waitFor(async () => (await node.told(live_id)).length === 2);
    assert.deepEqual(kinds(await node.told(live_id)), [
      [3, id],
      [3, untold.id],
    ]);
  });
});

describe("push.announce", () => {
  it("says each thing once, however often and however late it is asked", async (t) => {
    const env = { DATA_DIR: await tempDir(t) };
    const node = await startLotteryNode(t, { env });
    const live_id = await node.open();
    const lottery = await node.hold({ live_id });
    const result = { live_id, type: 4, content: "[2]", lottery_id: lottery, since: 0 } as const;
    const announce = ({ broker }: LotteryNode) => call(broker, "push.announce", result);
    const first = await Promise.all([announce(node), announce(node), announce(node)]);
    assert.equal(new Set(first.map(({ id }) => id)).size, 1);
    await node.broker.stop();
    const again = await startLotteryNode(t, { env });
    assert.deepEqual(await announce(again), first[0]);
    assert.deepEqual(kinds(await again.told(live_id)), [
      [3, lottery],
      [4, lottery],
    ]);
  });
});

describe("a keyword", () => {
  it("said in time enters its sender, also when the draw follows at once", async (t) => {
    const node = await startLotteryNode(t);
    const live_id = await node.open();
    const condition = { kind: "keyword", value: "me" } as const;
    const lottery = await node.hold({ live_id, count: 1_000 }, { condition });
    const people = Array.from({ length: 40 }, (_, i) => 10 + i);
    await Promise.all(people.map((id) => node.say(live_id, id, "me")));
    const { entrants, winners } = await draw(node, lottery);
    await node.say(live_id, 9, "me");
    assert.equal(entrants, 40);
    assert.deepEqual(new Set(winners), new Set(people));
    await check(node, lottery);
  });

  it("does not enter those whom the options leave out", async (t) => {
    const node = await startLotteryNode(t);
    const live_id = await node.open();
    const condition = { kind: "keyword", value: "me" } as const;
    const lottery = await node.hold({ live_id }, { condition, options: { blocked: [3] } });
    for (const id of [OWNER, 2, 3]) await node.say(live_id, id, "me");
    assert.deepEqual((await draw(node, lottery)).winners, [2]);
  });
});

describe("the condition to follow the owner", () => {
  const relation: ServiceSchema = {
    name: "relation",
    actions: {
      follows: (ctx: Context<{ follower: number; followee: number }>) => ({
        follows: ctx.params.follower === 2 && ctx.params.followee === OWNER,
      }),
    },
  };

  it("lets followers join and nobody else", async (t) => {
    const node = await startLotteryNode(t, { services: [relation] });
    const condition = { kind: "follow" } as const;
    const lottery = await node.hold({ live_id: await node.open() }, { condition });
    await node.join(lottery, 2);
    await assert.rejects(node.join(lottery, 3), { type: "LOTTERY_CONDITION" });
    assert.deepEqual((await draw(node, lottery)).winners, [2]);
  });

  it("is refused where nobody knows who follows whom", async (t) => {
    const node = await startLotteryNode(t);
    const live_id = await node.open();
    const held = node.hold({ live_id }, { condition: { kind: "follow" } });
    await assert.rejects(held, { type: "BAD_REQUEST" });
  });
});

describe("a beacon", () => {
  const ROUND = 4_711;
  const RANDOMNESS = "ab".repeat(32);

  /** Answers what a test says, when it is asked. */
  function beacon(randomness: () => Promise<string>): Beacon & { asked: number[] } {
    const asked: number[] = [];
    return {
      asked,
      roundAfter: () => ROUND,
      randomness: (round) => {
        asked.push(round);
        return randomness();
      },
    };
  }

  async function drawWith(t: TestContext, source: Beacon) {
    const node = await startLotteryNode(t, { lottery: { beacon: source } });
    const live_id = await node.open();
    const lottery = await node.hold({ live_id, end_time: soon(5) });
    await node.join(lottery, 2, 3, 4);
    return { node, live_id, lottery };
  }

  it("goes into the draw: the round that was promised", async (t) => {
    const source = beacon(async () => RANDOMNESS);
    const { node, lottery } = await drawWith(t, source);
    const { broker } = node;
    const promise: Result<"lottery.proof"> = await call(broker, "lottery.proof", { id: lottery });
    assert.equal(promise.beacon_round, ROUND);
    await node.end([lottery]);
    await node.until(lottery, "drawn");
    const proof = await check(node, lottery);
    assert.deepEqual([proof.beacon, proof.beacon_round], [RANDOMNESS, ROUND]);
    assert.deepEqual(source.asked, [ROUND]);
  });

  it("that cannot be had cancels the lottery, with the reason", async (t) => {
    const source = beacon(async () => {
      throw new BeaconError("unreachable", "no relay answers");
    });
    const { node, live_id, lottery } = await drawWith(t, source);
    await node.end([lottery]);
    const { winners, cancel_reason } = await node.until(lottery, "cancelled");
    assert.deepEqual([winners, cancel_reason], [[], "no_beacon"]);
    await waitFor(async () => (await node.told(live_id)).length === 2);
    assert.deepEqual((await node.told(live_id))[1]?.data, { cancelled: "no_beacon" });
    const proof = await call(node.broker, "lottery.proof", { id: lottery });
    assert.ok(!("seed" in proof));
  });

  it("is waited for by a lottery that closes early", async (t) => {
    const source = beacon(async () => RANDOMNESS);
    const { node, lottery } = await drawWith(t, source);
    const { end_time } = await node.gift(lottery);
    await call(node.broker, "lottery.draw", { lottery_id: lottery }, as(OWNER));
    await node.until(lottery, "drawing");
    await assert.rejects(node.join(lottery, 5), { type: "LOTTERY_CLOSED" });
    await node.until(lottery, "drawn");
    assert.ok(Date.now() >= end_time * 1000);
    assert.equal((await check(node, lottery)).entrants, 3);
  });
});

describe("many lotteries", () => {
  it("that end in the same second are each drawn", async (t) => {
    const node = await startLotteryNode(t);
    const live_id = await node.open();
    const lotteries: number[] = [];
    const hold = async () => lotteries.push(await node.hold({ live_id, count: 2 }));
    await Promise.all(Array.from({ length: 60 }, hold));
    await Promise.all(lotteries.map((id) => node.join(id, 2, 3, 4, 5)));
    await node.end(lotteries);
    for (const id of lotteries) await node.until(id, "drawn");
    await waitFor(async () => {
      const winners = await call(node.broker, "message.tail", { live_id, limit: 200 });
      const told = winners.messages.filter(({ type }) => type === 4);
      assert.deepEqual(
        told.map(({ lottery_id }) => lottery_id ?? 0).sort((a, b) => a - b),
        lotteries.toSorted((a, b) => a - b),
      );
      return true;
    });
    for (const id of lotteries) await check(node, id);
  });
});
