import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import { LEASE_MS } from "../../services/lottery/due-watch.ts";
import { type Step, steps } from "../../services/lottery/steps.ts";
import { DRAWERS, type Drawer, startDrawingCluster } from "../support/lottery/drawing-cluster.ts";
import { createLottery, proven } from "../support/lottery/lotteries.ts";
import { PATIENCE_MS, Round } from "../support/lottery/round.ts";
import { type RushOutcome, rush } from "../support/lottery/rush.ts";
import type { Reached } from "../support/lottery/step-log.ts";
import { openShow } from "../support/show.ts";
import { waitFor } from "../support/wait-for.ts";

/** How often a node reaches its step before it ends there. */
const TIMES = 3;
/** What the two nodes that draw die of, one life after the other. */
const FATES: Record<Drawer, Step[]> = {
  "draw-1": ["claimed", "drawn", "announced"],
  "draw-2": ["frozen", "stored", "closed"],
};
const CLIENTS = 20;

const cluster = await startDrawingCluster({ after });
const { front, steps: log } = cluster;
let lastPerson = 10_000;

/** Waits until a node stands still at its last step, and kills it there; answers when that was. */
async function killThere(name: Drawer): Promise<number> {
  const node = cluster.node(name);
  const isLast = ({ pid, last }: Reached) => last && pid === node.pid;
  const { atMs } = await waitFor(() => log.of(name).find(isLast), {
    timeoutMs: PATIENCE_MS,
    message: `${name} to reach its last step`,
  });
  await node.stop("SIGKILL");
  return atMs;
}

/** One life after the other. */
async function liveAndDie(name: Drawer): Promise<void> {
  for (const [life, step] of FATES[name].entries()) {
    log.endAt(name, step, TIMES);
    // It may stand still before it is ready, since what is due is drawn at once.
    if (life > 0)
      cluster
        .node(name)
        .start()
        .catch(() => {});
    await killThere(name);
  }
}

async function spareAll(): Promise<void> {
  for (const name of DRAWERS) log.spare(name);
  const gone = DRAWERS.map((name) => cluster.node(name)).filter(({ pid }) => pid === undefined);
  await Promise.all(gone.map((node) => node.start()));
}

test("100 lotteries are due in one second and both nodes die at every step: each is drawn once", async (t) => {
  const round = await Round.prepare(t, cluster, 100);
  await round.bringDue();
  await Promise.all(DRAWERS.map(liveAndDie));
  const ends = DRAWERS.flatMap((name) => log.of(name)).filter(({ last }) => last);
  assert.deepEqual(new Set(ends.map(({ step }) => step)), new Set(steps));
  await spareAll();
  await round.assertExact();
});

test("what a killed node had in hand the other one draws within 2 s of noticing", async (t) => {
  const round = await Round.prepare(t, cluster, 30);
  log.endAt("draw-1", "drawn", 1);
  // The other one could take all of them: it stands still until this one has its share.
  const other = cluster.node("draw-2").pid as number;
  process.kill(other, "SIGSTOP");
  const dueMs = await round.bringDue();
  const deadMs = await killThere("draw-1").finally(() => process.kill(other, "SIGCONT"));
  await round.assertExact();

  const ids = new Set(round.noted.map(({ id }) => id));
  const reached = (step: Step) =>
    log.of("draw-2").filter((one) => one.step === step && ids.has(one.lotteryId));
  const claimedMs = new Map(reached("claimed").map(({ lotteryId, atMs }) => [lotteryId, atMs]));
  assert.ok(claimedMs.size > 0);
  for (const { lotteryId, atMs } of reached("stored"))
    assert.ok(atMs - (claimedMs.get(lotteryId) ?? 0) < 2_000, `lottery ${lotteryId}`);
  // Nobody can take what the dead one had before its lease is over.
  const freeMs = Math.max(dueMs, deadMs + LEASE_MS);
  const lastMs = Math.max(...reached("stored").map(({ atMs }) => atMs));
  t.diagnostic(`the last one was drawn ${lastMs - freeMs} ms after it was free to be taken`);
  await spareAll();
});

/** Lets 20 clients join one lottery until it is closed, and holds its entrants against the answers. */
async function rushed(
  t: TestContext,
  during: (outcome: RushOutcome) => Promise<void> = async () => {},
) {
  const show = await openShow(front, 0);
  const somebody = () => cluster.person(++lastPerson);
  const endTime = Math.ceil(Date.now() / 1000) + 2;
  const noted = await createLottery(front, show, 10, endTime);
  const outcome: RushOutcome = { joined: [], late: [], unknown: [], answers: 0, strange: [] };
  await Promise.all([rush(front, noted.id, CLIENTS, somebody, outcome), during(outcome)]);
  assert.deepEqual(outcome.strange, []);
  assert.ok(outcome.late.length >= CLIENTS);
  assert.ok(outcome.joined.length > CLIENTS);
  const { entrants } = await waitFor(() => proven(front, noted), {
    timeoutMs: PATIENCE_MS,
    message: "the lottery to be drawn",
  });
  t.diagnostic(
    `${outcome.answers} answers, ${entrants.length} entrants, ${outcome.unknown.length} unknown`,
  );
  return { outcome, entrants };
}

test("a rush at the last second over two nodes: who was told to be in is in, and nobody else", async (t) => {
  const { outcome, entrants } = await rushed(t);
  assert.deepEqual(outcome.unknown, []);
  assert.deepEqual(
    entrants,
    outcome.joined.toSorted((a, b) => a - b),
  );
});

test("a node that is killed in the rush takes nobody along who was told to be in", async (t) => {
  const { outcome, entrants } = await rushed(t, async ({ joined }) => {
    await waitFor(() => joined.length > CLIENTS, { timeoutMs: PATIENCE_MS, intervalMs: 1 });
    await cluster.node("draw-1").kill();
  });
  const inside = new Set(entrants);
  assert.deepEqual(
    outcome.joined.filter((id) => !inside.has(id)),
    [],
  );
  const told = new Set([...outcome.joined, ...outcome.unknown]);
  assert.deepEqual(
    entrants.filter((id) => !told.has(id)),
    [],
  );
  await spareAll();
});
