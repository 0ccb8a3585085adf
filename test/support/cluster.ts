import { join } from "node:path";
import { Etcd3 } from "etcd3";
import { createLeaseStore } from "../../lib/lease/create-lease-store.ts";
import { closeRedis, openRedis } from "../../lib/redis/connect.ts";
import { Front } from "../../scripts/cluster/front.ts";
import { NodeGroup, type NodeWish } from "../../scripts/cluster/node-group.ts";
import { nodeIdOf } from "../../scripts/cluster/node-process.ts";
import { serviceNames } from "../../scripts/serve/boot.ts";
import type { StackPlan } from "../../scripts/stack/plan.ts";
import type { ServerProcess } from "../../scripts/stack/server-process.ts";
import { unexpected } from "../../scripts/stack/server-process.ts";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { unlimited } from "./limits.ts";
import { type ConfigPart, replaceFile } from "./server.ts";
import type { Address } from "./show.ts";
import { type StartedStack, startStack } from "./stack.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

export interface ClusterSetup<Plan extends StackPlan> {
  servers: Plan;
  /** Services by the name of the node that runs them. */
  nodes: Readonly<Record<string, readonly string[]>>;
  /** What operators chose; without it nothing is limited. */
  config?: ConfigPart;
  env?: Readonly<Record<string, string>>;
}

export interface Cluster<Plan extends StackPlan = StackPlan> {
  servers: StartedStack<Plan>;
  group: NodeGroup;
  /** Reaches all gateways in turn, as a load balancer does. */
  front: Address;
  /** The gateways themselves, by the name of their node. */
  gateways: ReadonlyMap<string, Address>;
  /** The node of that name, to be killed, frozen, stopped and started. */
  node(name: string): ServerProcess;
  /** Puts another configuration in place, as an operator would; in etcd where that is there. */
  configure(config: ConfigPart): Promise<void>;
  /** The name of the node that owns a room; waits until one does. */
  ownerOf(liveId: number): Promise<string>;
}

/** Everything but gateways and rooms. */
export const REST = serviceNames().filter((name) => name !== "api" && name !== "push");

/**
 * Starts real servers and real nodes, each a process of its own that shares them; when the test ends
 * nothing of them is left. A node or server that ends without being told to by the test fails it.
 */
export async function startCluster<const Plan extends StackPlan>(
  t: CleanupScope,
  setup: ClusterSetup<Plan>,
): Promise<Cluster<Plan>> {
  const { config = unlimited, env = {} } = setup;
  const [servers, folder] = await Promise.all([startStack(t, setup.servers), tempDir(t)]);
  const wishes = Object.fromEntries(
    Object.entries(setup.nodes).map(([name, services]) => [name, { services } satisfies NodeWish]),
  );
  const group = await NodeGroup.prepare(wishes, folder, {
    LOG_LEVEL: "warn",
    DRAIN_SECONDS: "1",
    ...servers.env,
    ...env,
  });
  endWith(t, group);
  const configure = async (part: ConfigPart) => {
    const { ETCD_URL } = servers.env;
    if (ETCD_URL !== undefined) return putConfig(ETCD_URL, part);
    for (const name of group.nodes.keys())
      await replaceFile(join(folder, name, "data", "config.json"), part);
  };
  await configure(config);
  await group.start();

  const gateways = new Map(group.of("api").map((name) => [name, at(group.node(name).port)]));
  const front = new Front([...gateways.values()].map(({ port }) => port));
  cleanUp(t, () => front.close());
  const port = await front.listen(0, "127.0.0.1");
  return {
    servers,
    group,
    front: at(port),
    gateways,
    node: (name) => group.node(name),
    configure,
    ownerOf: (liveId) =>
      waitFor(() => ownerOf(servers.env.REDIS_URL ?? "", group, liveId), {
        timeoutMs: 15_000,
        message: `the room ${liveId} to have an owner`,
      }),
  };
}

/** The name of the node that holds a room's lease and still runs; null when there is none. */
async function ownerOf(redisUrl: string, group: NodeGroup, liveId: number): Promise<string | null> {
  const redis = openRedis(redisUrl);
  try {
    const lease = await createLeaseStore(redis).current(`room:${liveId}`);
    const [nodeId] = lease?.holder.split("/") ?? [];
    const named = [...group.nodes].find(([, node]) => node.pid && nodeIdOf(node) === nodeId);
    return named?.[0] ?? null;
  } finally {
    await closeRedis(redis);
  }
}

async function putConfig(etcdUrl: string, part: ConfigPart): Promise<void> {
  const etcd = new Etcd3({ hosts: etcdUrl });
  try {
    await etcd.put("molimoli/config").value(JSON.stringify(part));
  } finally {
    etcd.close();
  }
}

/** Kills the nodes at the end, and says what they wrote when one of them ended by itself. */
function endWith(t: CleanupScope, group: NodeGroup): void {
  const problems: Error[] = [];
  group.onDeath((_name, death) => problems.push(unexpected(death)));
  cleanUp(t, async () => {
    await group.kill();
    if (problems.length > 0) throw new AggregateError(problems, problems.join("\n"));
  });
}

function at(port: number): Address {
  return { port, url: `http://127.0.0.1:${port}` };
}
