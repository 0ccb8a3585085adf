import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { REST, startCluster } from "../support/cluster.ts";
import { unlimited } from "../support/limits.ts";
import { Load } from "../support/load.ts";
import { openShow, type Show, say } from "../support/show.ts";
import { told } from "../support/told.ts";
import { watch } from "../support/viewer.ts";
import { waitFor } from "../support/wait-for.ts";

const scope = { after };
const cluster = await startCluster(scope, {
  servers: { mariadb: true, redis: true, nats: true, etcd: true },
  nodes: { a1: ["api"], a2: ["api"], n1: ["push", ...REST], n2: ["push", ...REST] },
});
const { etcd } = cluster.servers;
const AWAY_MS = 30_000;

/** A show in a room of each node that has rooms. */
async function showOnEach(names: readonly string[]): Promise<Map<string, Show>> {
  const shows = new Map<string, Show>();
  while (shows.size < names.length) {
    const show = await openShow(cluster.front, 0);
    await say(cluster.front, show.owner, show.liveId, "who runs this room?");
    shows.set(await cluster.ownerOf(show.liveId), show);
  }
  return shows;
}

test("etcd is away for 30 s: nobody notices, and what is changed afterwards applies on every node", async (t) => {
  const load = await Load.start(scope, cluster);
  const shows = await showOnEach(["n1", "n2"]);
  await load.more(50);
  await etcd.kill();
  await pause(AWAY_MS);
  const { accepted } = load;
  assert.equal(load.refused, 0);
  const reckoning = await load.exact();
  told(t, reckoning);
  assert.equal(reckoning.unanswered, 0);
  assert.ok(accepted > 0);

  await etcd.start();
  const changedAt = performance.now();
  await cluster.configure({
    ...unlimited,
    words: { refuse: ["forbidden"] },
    features: { guests: false },
  });
  const applied = new Map<string, number>();
  const within = async (name: string, applies: () => Promise<boolean>) => {
    await waitFor(applies, { timeoutMs: 30_000, message: `the change to apply on ${name}` });
    applied.set(name, Math.round(performance.now() - changedAt));
  };
  await Promise.all([
    ...[...shows].map(([name, show]) =>
      within(name, async () => {
        const said = await say(cluster.front, show.owner, show.liveId, "a forbidden word");
        return said.status === 422 || said.status === 403 || said.status === 400;
      }),
    ),
    ...[...cluster.gateways].map(([name, { port }]) =>
      within(name, async () => {
        const viewer = await watch({ port, liveId: load.show.liveId }).catch(() => null);
        viewer?.close();
        return viewer === null;
      }),
    ),
  ]);
  t.diagnostic(`applied after (ms): ${JSON.stringify(Object.fromEntries(applied))}`);
  assert.equal(applied.size, 4);
});
