import assert from "node:assert/strict";
import { after, test } from "node:test";
import { REST, startCluster } from "../support/cluster.ts";
import { Load } from "../support/load.ts";
import { told } from "../support/told.ts";

const scope = { after };
const cluster = await startCluster(scope, {
  servers: { mariadb: true, redis: true, nats: true },
  nodes: { a1: ["api"], a2: ["api"], p1: ["push"], p2: ["push"], m1: REST, m2: REST },
});
const load = await Load.start(scope, cluster);
const { liveId } = load.show;

test("the room's owner is killed: another one takes over, and everything is exact", async (t) => {
  await load.more(50);
  const owner = await cluster.ownerOf(liveId);
  await cluster.node(owner).kill();
  t.diagnostic(`accepted again after ${await load.silence()} ms`);
  assert.notEqual(await cluster.ownerOf(liveId), owner);
  await load.more(50);
  told(t, await load.exact());
  await cluster.node(owner).start();
});

test("a gateway is killed: its viewers come back to the other one, and everything is exact", async (t) => {
  await load.more(50);
  await cluster.node("a1").kill();
  await load.more(50);
  told(t, await load.exact());
  assert.ok(load.followers.every(({ isWatching }) => isWatching));
  await cluster.node("a1").start();
});

for (const name of ["m1", "m2"])
  test(`the node ${name} with the history and everything else is killed: exact`, async (t) => {
    await load.more(50);
    await cluster.node(name).kill();
    await load.more(50);
    told(t, await load.exact());
    await cluster.node(name).start();
  });

test("both nodes with the history are killed: nothing accepted is lost, and all is exact when one is back", async (t) => {
  await load.more(50);
  await Promise.all(["m1", "m2"].map((name) => cluster.node(name).kill()));
  await cluster.node("m1").start();
  await load.more(50);
  told(t, await load.exact());
  await cluster.node("m2").start();
});

test("the owner and a gateway are killed at once: exact", async (t) => {
  await load.more(50);
  const owner = await cluster.ownerOf(liveId);
  await Promise.all([owner, "a2"].map((name) => cluster.node(name).kill()));
  await load.more(50);
  told(t, await load.exact());
});
