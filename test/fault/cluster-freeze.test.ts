import { after, test } from "node:test";
import { REST, startCluster } from "../support/cluster.ts";
import { Load } from "../support/load.ts";
import { told } from "../support/told.ts";
import { waitFor } from "../support/wait-for.ts";

const scope = { after };
const cluster = await startCluster(scope, {
  servers: { mariadb: true, redis: true, nats: true },
  nodes: { a1: ["api"], a2: ["api"], p1: ["push"], p2: ["push"], m1: REST },
});
const load = await Load.start(scope, cluster);
const { liveId } = load.show;

test("an owner that stands still past its lease is replaced, and does no harm when it wakes up", async (t) => {
  await load.more(50);
  const owner = await cluster.ownerOf(liveId);
  const node = cluster.node(owner);
  await node.kill("SIGSTOP");
  const stoppedAt = performance.now();
  const heir = await waitFor(
    async () => {
      const now = await cluster.ownerOf(liveId);
      return now !== owner && now;
    },
    { timeoutMs: 30_000, message: "another owner" },
  );
  t.diagnostic(`${heir} took over after ${Math.round(performance.now() - stoppedAt)} ms`);
  await load.more(50);
  await node.kill("SIGCONT");
  await load.more(100);
  told(t, await load.exact({ stoodStill: true }));
});

test("the owner stands still again and again, shorter and longer than its lease: exact", async (t) => {
  for (const messages of [5, 20, 60]) {
    const node = cluster.node(await cluster.ownerOf(liveId));
    await node.kill("SIGSTOP");
    await load.more(messages).finally(() => node.kill("SIGCONT"));
    await load.more(20);
  }
  told(t, await load.exact({ stoodStill: true }));
});
