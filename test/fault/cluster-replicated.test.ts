import assert from "node:assert/strict";
import { after, test } from "node:test";
import { askRedis } from "../../scripts/stack/redis-node.ts";
import { REST, startCluster } from "../support/cluster.ts";
import { Load } from "../support/load.ts";
import { told } from "../support/told.ts";

const scope = { after };
const cluster = await startCluster(scope, {
  servers: { mariadb: true, redis: { cluster: true }, nats: { nodes: 3 } },
  nodes: { a1: ["api"], a2: ["api"], n1: ["push", ...REST], n2: ["push", ...REST] },
});
const { redis, nats } = cluster.servers;
const load = await Load.start(scope, cluster);

/** The slots that hold anything, wherever they are. */
async function usedSlots(): Promise<number[]> {
  const slots = await Promise.all(
    redis.nodes.map(({ url }) =>
      askRedis(url, async (client) => {
        const keys = await client.keys("*");
        return Promise.all(keys.map((key) => client.cluster("KEYSLOT", key)));
      }),
    ),
  );
  return [...new Set(slots.flat())];
}

for (const [index, server] of nats.nodes.entries())
  test(`NATS server ${index + 1} of three is killed and comes back: exact`, async (t) => {
    await load.more(50);
    await server.kill();
    await load.more(100);
    await server.start();
    await nats.ready();
    await load.more(50);
    told(t, await load.exact());
  });

test("slots of a Redis Cluster move while rooms are at work: exact", async (t) => {
  await load.more(50);
  for (const target of [0, 1, 2]) {
    const slots = await usedSlots();
    t.diagnostic(`${slots.length} slots that hold keys move to node ${target}`);
    assert.ok(slots.length > 0);
    await redis.moveSlots(slots, target);
    await load.more(30);
  }
  told(t, await load.exact());
});
