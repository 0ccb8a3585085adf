import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Lease } from "etcd3";
import { type Context, type Discoverers, ServiceBroker } from "moleculer";
import { readEnv } from "../../lib/env.ts";
import { discovererOptions } from "../../lib/etcd/discoverer-options.ts";
import { cleanUp } from "../support/cleanup.ts";
import { type EtcdMember, etcdMember } from "../support/etcd-member.ts";
import { startProcess } from "../support/process.ts";
import { type StartedStack, startStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const ROOT = join(import.meta.dirname, "..", "..");
interface Node {
  broker: ServiceBroker;
  /**
   * Which nodes it lost. Not whether that was a surprise: who leaves says so by NATS and takes its key
   * out of etcd, and either may be noticed first.
   */
  lost: string[];
  sees(id: string): boolean;
  asks(id: string): Promise<string>;
}

type Servers = StartedStack<{ nats: true; etcd: true }>;

async function memberOf({ env }: Servers, t: TestContext, nodeID: string): Promise<EtcdMember> {
  const { ETCD_URL: etcdUrl = "", NATS_URL: natsUrl = "" } = env;
  return { etcdUrl, natsUrl, nodeID, dataDir: await tempDir(t) };
}

async function startMember(t: TestContext, servers: Servers, nodeID: string): Promise<Node> {
  const lost: Node["lost"] = [];
  const broker = new ServiceBroker(etcdMember(await memberOf(servers, t, nodeID)));
  cleanUp(t, () => broker.stop());
  broker.createService({
    name: `member-${nodeID}`,
    actions: { name: () => nodeID },
    events: {
      "$node.disconnected"(ctx: Context<{ node: { id: string } }>) {
        lost.push(ctx.params.node.id);
      },
    },
  });
  await broker.start();
  return {
    broker,
    lost,
    sees: (id) => broker.registry.nodes.get(id)?.available === true,
    asks: (id) => broker.call<string, object>(`member-${id}.name`, {}),
  };
}

async function meet(one: Node, other: Node): Promise<void> {
  const [a, b] = [one.broker.nodeID, other.broker.nodeID];
  await waitFor(() => one.sees(b) && other.sees(a), { timeoutMs: 10_000, message: "both to meet" });
  assert.deepEqual(await Promise.all([one.asks(b), other.asks(a)]), [b, a]);
}

async function twoMembers(t: TestContext, plan: { etcd: true | { auth: boolean } }) {
  const servers = (await startStack(t, { nats: true, ...plan })) as Servers;
  const [a, b] = await Promise.all([startMember(t, servers, "a"), startMember(t, servers, "b")]);
  await meet(a, b);
  return { servers, a, b };
}

/** Counts the leases that a node asks etcd for, and how many of these questions are open at once. */
function watchLeases({ broker }: Node) {
  const { client } = broker.registry.discoverer as Discoverers.Etcd3;
  const seen = { asked: 0, open: 0, atOnce: 0 };
  const lease = client.lease.bind(client);
  client.lease = (ttl: number): Lease => {
    const made: Lease = lease(ttl);
    seen.asked++;
    seen.atOnce = Math.max(seen.atOnce, ++seen.open);
    made
      .grant()
      .catch(() => {})
      .finally(() => seen.open--);
    return made;
  };
  return seen;
}

/** A node in a process of its own, which can be killed. */
async function startDoomedMember(t: TestContext, servers: Servers, nodeID: string) {
  return await startProcess(t, {
    command: process.execPath,
    args: [
      "--input-type=module",
      "--eval",
      `import { ServiceBroker } from "moleculer";
       import { etcdMember } from "./test/support/etcd-member.ts";
       const broker = new ServiceBroker(etcdMember(JSON.parse(process.env.MEMBER)));
       broker.createService({ name: "member-${nodeID}", actions: { name: () => "${nodeID}" } });
       await broker.start();
       console.log("started");`,
    ],
    cwd: ROOT,
    env: {
      MEMBER: JSON.stringify(await memberOf(servers, t, nodeID)),
    },
    ready: /started/,
  });
}

describe("nodes that find each other through etcd", () => {
  it("meet, and notice when one leaves", async (t) => {
    const { a, b } = await twoMembers(t, { etcd: true });
    await b.broker.stop();
    await waitFor(() => a.lost.length > 0);
    assert.deepEqual(a.lost, ["b"]);
  });

  it("notice when one dies", async (t) => {
    const servers = await startStack(t, { nats: true, etcd: true });
    const a = await startMember(t, servers, "a");
    const doomed = await startDoomedMember(t, servers, "doomed");
    await waitFor(() => a.sees("doomed"), { timeoutMs: 10_000 });
    assert.equal(await a.asks("doomed"), "doomed");
    const killed = performance.now();
    await doomed.stop("SIGKILL");
    await waitFor(() => a.lost.length > 0, { timeoutMs: 20_000, message: "its death to be seen" });
    t.diagnostic(`noticed ${Math.round(performance.now() - killed)} ms after the kill`);
    assert.deepEqual(a.lost, ["doomed"]);
  });

  it("keep each other while etcd is away, without storming it, and go on with it afterwards", async (t) => {
    const { servers, a, b } = await twoMembers(t, { etcd: true });
    const leases = [watchLeases(a), watchLeases(b)];
    await servers.etcd.kill();
    // Leases are given up after twice their time; until then nothing could have gone wrong.
    await waitFor(() => leases.every(({ asked }) => asked > 4), {
      timeoutMs: 30_000,
      message: "several leases to be asked for in vain",
    });
    assert.deepEqual(
      leases.map(({ atOnce }) => atOnce),
      [1, 1],
    );
    assert.deepEqual(await Promise.all([a.asks("b"), b.asks("a")]), ["b", "a"]);
    assert.deepEqual([a.lost, b.lost], [[], []]);

    await servers.etcd.start();
    const c = await startMember(t, servers, "c");
    await Promise.all([meet(c, a), meet(c, b)]);
    assert.deepEqual([a.lost, b.lost], [[], []]);
  });

  it("start without etcd, and meet when it is there", async (t) => {
    const servers = await startStack(t, { nats: true, etcd: true });
    await servers.etcd.kill();
    const [a, b] = await Promise.all([startMember(t, servers, "a"), startMember(t, servers, "b")]);
    assert.equal(await a.asks("a"), "a");
    await servers.etcd.start();
    await meet(a, b);
  });

  it("can leave while etcd is away", async (t) => {
    const { servers, a, b } = await twoMembers(t, { etcd: true });
    await servers.etcd.kill();
    await b.broker.stop();
    await waitFor(() => a.lost.length > 0);
    assert.deepEqual(a.lost, ["b"]);
  });

  it("meet through an etcd that asks who they are, also after it was started again", async (t) => {
    const { servers, a, b } = await twoMembers(t, { etcd: { auth: true } });
    await servers.etcd.restart();
    const c = await startMember(t, servers, "c");
    await Promise.all([meet(c, a), meet(c, b)]);
  });

  it("do not show each other etcd's password", async (t) => {
    const { servers, a } = await twoMembers(t, { etcd: { auth: true } });
    const shown = JSON.stringify(await a.broker.call("$node.options", {}, { nodeID: "b" }));
    assert.match(shown, /"Etcd3"/);
    assert.doesNotMatch(shown, new RegExp(new URL(servers.etcd.url).password));
  });
});

it("without DISCOVERER nodes find each other over NATS alone", () => {
  assert.deepEqual(discovererOptions(readEnv({ ETCD_URL: "http://a" })), {
    type: "Local",
    options: {},
  });
});
