import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { BeaconError, noBeacon } from "../../services/lottery/beacon.ts";
import { DrandBeacon, quicknet } from "../../services/lottery/drand.ts";
import { openBeacon } from "../../services/lottery/open-beacon.ts";
import { type Relay, startRelay } from "../support/lottery/drand-relay.ts";
import { ownChain, ownRound } from "../support/lottery/own-chain.ts";
import recorded from "../support/lottery/quicknet-rounds.json" with { type: "json" };
import { waitFor } from "../support/wait-for.ts";

const first = recorded[0] as (typeof recorded)[number];
const second = recorded[1] as (typeof recorded)[number];

/** Longer than anything here takes, on a slow machine too. */
const plenty = () => AbortSignal.timeout(30_000);
const aMoment = () => AbortSignal.timeout(300);

/** The limit passes as soon as the relay was asked three times, however slow the machine is. */
async function limitAfterThreeAsks(relay: Relay, limit: AbortController): Promise<void> {
  await waitFor(() => relay.asked.length >= 3, { timeoutMs: 30_000 });
  limit.abort(new DOMException("the limit", "TimeoutError"));
}

const beaconOf = (...relays: Relay[]) =>
  new DrandBeacon({ relays: relays.map(({ url }) => url), chain: quicknet, retryMs: 20 });

const known = (round: number) => recorded.find((known) => known.round === round) ?? null;

function fault(expected: "forged" | "unreachable", text: RegExp) {
  return (error: unknown) =>
    error instanceof BeaconError && error.fault === expected && text.test(error.message);
}

test("rounds that drand published are genuine", async (t) => {
  const relay = await startRelay(t, known);
  const beacon = beaconOf(relay);
  for (const { round, randomness } of recorded)
    assert.equal(await beacon.randomness(round, plenty()), randomness);
  assert.deepEqual(
    relay.asked,
    recorded.map(({ round }) => `/${quicknet.hash}/public/${round}`),
  );
});

test("DRAND_URL names relays with or without the chain", async (t) => {
  const relay = await startRelay(t, known);
  const dead = "http://127.0.0.1:1";
  for (const url of [relay.url, `${relay.url}/`, `${relay.url}/${quicknet.hash}`]) {
    const beacon = openBeacon(`${dead}, ${url}`);
    assert.equal(await beacon.randomness(first.round, plenty()), first.randomness);
  }
  assert.equal(new Set(relay.asked).size, 1);
});

for (const [what, answer, text] of [
  ["another round", second, /asked for round 123, got round 1000/],
  ["another round's signature", { ...second, round: first.round }, /signature is not the chain's/],
  ["other randomness", { ...first, randomness: second.randomness }, /randomness is not/],
  ["a signature of somebody else's", ownRound(first.round), /signature is not the chain's/],
  ["a signature that is no point", noPoint(), /signature is not the chain's/],
] as const)
  test(`a relay that answers ${what} is not believed`, async (t) => {
    const relay = await startRelay(t, () => answer);
    await assert.rejects(beaconOf(relay).randomness(first.round, plenty()), fault("forged", text));
  });

function noPoint() {
  const signature = "ff".repeat(48);
  return { round: 123, signature, randomness: hash("sha256", Buffer.from(signature, "hex")) };
}

test("a relay that forges does not keep an honest one from being heard", async (t) => {
  const forger = await startRelay(t, () => ({ ...second, round: first.round }));
  const honest = await startRelay(t, known);
  const beacon = beaconOf(forger, honest);
  assert.equal(await beacon.randomness(first.round, plenty()), first.randomness);
});

for (const [what, answers, text] of [
  ["does not have the round", () => null, /status 404/],
  ["answers no JSON", () => "<html>", /not JSON/],
  ["answers JSON that is no round", () => ({ round: 123 }), /not a round/],
  ["answers null", () => "null", /not a round/],
  ["answers without end", () => "x".repeat(10_000), /longer than/],
] as const)
  test(`a relay that ${what} is asked until the limit`, async (t) => {
    const relay = await startRelay(t, answers);
    const limit = new AbortController();
    const randomness = beaconOf(relay).randomness(first.round, limit.signal);
    await Promise.all([
      assert.rejects(randomness, fault("unreachable", text)),
      limitAfterThreeAsks(relay, limit),
    ]);
  });

test("a relay that is silent is unreachable", async (t) => {
  const silent = await startRelay(t, () => undefined);
  const limit = new AbortController();
  const beacon = new DrandBeacon({ relays: [silent.url], chain: quicknet, answerMs: 50 });
  const randomness = beacon.randomness(first.round, limit.signal);
  await Promise.all([
    assert.rejects(randomness, fault("unreachable", /127\.0\.0\.1:\d+: .*timeout/)),
    limitAfterThreeAsks(silent, limit),
  ]);
});

test("a relay that is away is unreachable", async () => {
  const beacon = openBeacon("http://127.0.0.1:1");
  await assert.rejects(
    beacon.randomness(first.round, aMoment()),
    fault("unreachable", /round 123/),
  );
});

test("a relay that has the round a moment later is enough", async (t) => {
  let asked = 0;
  const relay = await startRelay(t, (round) => {
    asked += 1;
    return asked < 3 ? null : known(round);
  });
  assert.equal(await beaconOf(relay).randomness(first.round, plenty()), first.randomness);
});

test("everybody who waits for a round shares one request", async (t) => {
  const relay = await startRelay(t, known);
  const beacon = beaconOf(relay);
  const ask = () => beacon.randomness(first.round, plenty());
  const answers = await Promise.all([ask(), ask(), ask()]);
  answers.push(await ask());
  assert.deepEqual(new Set(answers), new Set([first.randomness]));
  assert.equal(relay.asked.length, 1);
});

test("one who gives up leaves the round to the others", async (t) => {
  let open = () => {};
  const relay = await startRelay(t, (round, response) => {
    open = () => response.end(JSON.stringify(known(round)));
    return undefined;
  });
  const beacon = new DrandBeacon({ relays: [relay.url], chain: quicknet, answerMs: 30_000 });
  const controller = new AbortController();
  const impatient = beacon.randomness(first.round, controller.signal);
  const patient = beacon.randomness(first.round, plenty());
  controller.abort(new Error("the node stops"));
  // Not a BeaconError: nothing is wrong with the beacon, so nothing is to be cancelled.
  await assert.rejects(impatient, /the node stops/);
  const answered = setInterval(() => open(), 5);
  t.after(() => clearInterval(answered));
  assert.equal(await patient, first.randomness);
});

test("a round that everybody gave up can be asked for again", async (t) => {
  let here = false;
  const relay = await startRelay(t, (round) => (here ? known(round) : null));
  const beacon = beaconOf(relay);
  await assert.rejects(beacon.randomness(first.round, aMoment()), BeaconError);
  here = true;
  assert.equal(await beacon.randomness(first.round, plenty()), first.randomness);
});

test("the round after a moment is the first that comes later", () => {
  const beacon = beaconOf();
  const genesis = quicknet.genesis_time;
  assert.deepEqual(
    [genesis - 100, genesis - 1, genesis, genesis + 2, genesis + 3].map((time) =>
      beacon.roundAfter(time),
    ),
    [1, 1, 2, 2, 3],
  );
});

test("a round that is still to come is awaited, and not asked for before", async (t) => {
  const chain = ownChain({ genesis_time: Math.floor(Date.now() / 1000) - 9, period: 2 });
  const askedAt: number[] = [];
  const relay = await startRelay(t, (round) => {
    askedAt.push(Date.now());
    return ownRound(round);
  });
  const beacon = new DrandBeacon({ relays: [relay.url], chain });
  const endTime = Math.floor(Date.now() / 1000);
  const round = beacon.roundAfter(endTime);
  const randomness = await beacon.randomness(round, plenty());
  assert.equal(randomness, ownRound(round).randomness);
  assert.ok((askedAt[0] ?? 0) > endTime * 1000);
});

test("a number that is no round is refused", async () => {
  for (const round of [0, -1, 1.5, Number.NaN])
    await assert.rejects(beaconOf().randomness(round, plenty()), RangeError);
});

test("without a beacon there is no round, and a promised one cannot be had", async () => {
  const beacon = openBeacon(null);
  assert.equal(beacon, noBeacon);
  assert.equal(beacon.roundAfter(1_800_000_000), null);
  await assert.rejects(beacon.randomness(1, plenty()), fault("unreachable", /no beacon/));
});
