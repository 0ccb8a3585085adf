import assert from "node:assert/strict";
import { after, test } from "node:test";
import { REST, startCluster } from "../support/cluster.ts";
import { Load } from "../support/load.ts";
import { told } from "../support/told.ts";

const scope = { after };
const cluster = await startCluster(scope, {
  servers: { mariadb: true, redis: true, nats: true },
  nodes: { a1: ["api"], a2: ["api"], n1: ["push", ...REST], n2: ["push", ...REST] },
});
const load = await Load.start(scope, cluster);

test("every node is restarted in turn: no request fails but for 503s that one retry mends, and all is exact", async (t) => {
  await load.more(50);
  for (const [name, node] of cluster.group.nodes) {
    const startedAt = performance.now();
    await node.stop();
    await load.more(20);
    await node.start();
    await load.more(20);
    t.diagnostic(`${name}: ${Math.round(performance.now() - startedAt)} ms`);
  }
  const reckoning = await load.exact();
  told(t, reckoning);
  assert.equal(reckoning.unanswered, 0, "every request is answered");
  assert.deepEqual(reckoning.refused, [], "nobody is refused twice");
  assert.deepEqual(reckoning.keptRefused, [], "what is refused is not kept");
});
