import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { parseProof, verify } from "../../scripts/verify-lottery.ts";
import { DrandBeacon } from "../../services/lottery/drand.ts";
import type { Round } from "../../services/lottery/drand-relay.ts";
import { startRelay } from "../support/lottery/drand-relay.ts";
import { startLotteryNode } from "../support/lottery/node.ts";
import { ownChain, ownRound } from "../support/lottery/own-chain.ts";

const PERIOD = 1;

/** A lottery that ends soon, on a node whose beacon is a relay that answers as a test says. */
async function drawWith(t: TestContext, answers: (round: number) => Round) {
  const relay = await startRelay(t, answers);
  const chain = ownChain({ genesis_time: Math.floor(Date.now() / 1000) - 100, period: PERIOD });
  const beacon = new DrandBeacon({ relays: [relay.url], chain });
  const node = await startLotteryNode(t, { lottery: { beacon } });
  const live_id = await node.open();
  const end_time = Math.ceil(Date.now() / 1000) + 2;
  const id = await node.hold({ live_id, end_time, count: 2 });
  await node.join(id, 2, 3, 4, 5);
  return { node, id, promised: beacon.roundAfter(end_time) };
}

test("a draw uses the round that came first after its end, and anybody can see that", async (t) => {
  const { node, id, promised } = await drawWith(t, ownRound);
  const { commitment } = await node.gift(id);
  await node.until(id, "drawn");
  const proof = parseProof(await node.broker.call("lottery.proof", { id }));
  assert.equal(proof.beacon_round, promised);
  const randomness = async (round: number) => ownRound(round).randomness;
  const noted = { commitment, count: 2, round: promised };
  const { winners } = await verify(proof, [2, 3, 4, 5], randomness, noted);
  assert.deepEqual((await node.gift(id)).winners, winners);
});

test("a relay that makes rounds of its own gets a lottery cancelled, not drawn", async (t) => {
  const { node, id } = await drawWith(t, (round) => ({ ...ownRound(round + 1), round }));
  const { winners, cancel_reason } = await node.until(id, "cancelled");
  assert.deepEqual([winners, cancel_reason], [[], "no_beacon"]);
});
