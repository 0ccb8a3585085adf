import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { askRedis } from "../../scripts/stack/redis-node.ts";
import { REST, startCluster } from "../support/cluster.ts";
import { Load } from "../support/load.ts";
import { told } from "../support/told.ts";

const scope = { after };
const cluster = await startCluster(scope, {
  servers: { mariadb: true, redis: true, nats: true },
  nodes: { a1: ["api"], a2: ["api"], n1: ["push", ...REST], n2: ["push", ...REST] },
});
const { mariadb, redis, nats } = cluster.servers;
const load = await Load.start(scope, cluster);

test("MariaDB is away for 10 s: what is accepted meanwhile is in history afterwards, exact", async (t) => {
  await load.more(50);
  await mariadb.kill();
  const before = load.accepted;
  await pause(10_000);
  t.diagnostic(`${load.accepted - before} accepted without a database`);
  await mariadb.start();
  await load.more(50);
  told(t, await load.exact());
});

test("NATS is away for 5 s: nobody is told that a message was accepted which was not, exact", async (t) => {
  await load.more(50);
  await nats.kill();
  await pause(5_000);
  await nats.start();
  await load.more(50);
  told(t, await load.exact());
});

test("Redis is away for 5 s: exact again by itself", async (t) => {
  await load.more(50);
  await redis.kill();
  await pause(5_000);
  await redis.start();
  await load.more(50);
  told(t, await load.exact());
});

test("Redis forgets everything: exact all the same", async (t) => {
  await load.more(50);
  await askRedis(redis.url, (client) => client.flushall());
  await load.more(100);
  told(t, await load.exact());
});
