import { setTimeout as pause } from "node:timers/promises";
import { askRedis, redisNode } from "./redis-node.ts";
import type { ServerProcess } from "./server-process.ts";
import type { StackFolder } from "./stack-folder.ts";

const NODES = 3;
const SLOTS = 16_384;
/** Until all nodes agree that the cluster is complete, in milliseconds. */
const AGREE_MS = 30_000;
const LOOK_EVERY_MS = 20;
/** Silence after which a node counts as failing, in milliseconds. */
const NODE_TIMEOUT_MS = 2_000;
const MIGRATE_MS = 5_000;
const KEYS_AT_A_TIME = 100;

/** Three masters without replicas that share the slots; a node's index says which. */
export class RedisCluster {
  readonly name = "Redis Cluster";
  readonly nodes: readonly ServerProcess[];
  readonly #members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.#members = members;
    this.nodes = members.map(({ server }) => server);
  }

  /** Of all nodes, separated by commas. */
  get url(): string {
    return this.nodes.map(({ url }) => url.replace(/^redis:/, "redis+cluster:")).join(",");
  }

  /** Starts all nodes, makes them a cluster if they are not yet, and waits until it serves. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
    if ((await info(this.nodes[0] as ServerProcess)).cluster_known_nodes === "1")
      await form(this.#members);
    await this.ready();
  }

  /** Waits until every node sees all nodes and all slots served. */
  async ready(): Promise<void> {
    const deadline = performance.now() + AGREE_MS;
    while (!(await Promise.all(this.nodes.map(servesAll))).every(Boolean)) {
      if (performance.now() > deadline)
        throw new Error(`the Redis Cluster was not complete within ${AGREE_MS / 1000} s`);
      await pause(LOOK_EVERY_MS);
    }
  }

  /**
   * Moves slots with their keys to the node `to`, as Redis describes it for a cluster in use: clients
   * are redirected key by key.
   *
   * @param slots 0 to 16383
   * @param to index of a node
   */
  async moveSlots(slots: Iterable<number>, to: number): Promise<void> {
    const target = this.#members[to]?.server;
    if (target === undefined) throw new RangeError(`there is no Redis node ${to}`);
    const ids = await Promise.all(this.nodes.map(idOf));
    for (const slot of slots) {
      const source: ServerProcess | undefined =
        this.nodes[ids.indexOf(await ownerOf(slot, target))];
      if (source !== undefined && source !== target)
        await moveSlot(slot, source, target, this.nodes);
    }
  }
}

interface Member {
  server: ServerProcess;
  busPort: number;
}

export async function redisCluster(stack: StackFolder): Promise<RedisCluster> {
  const members: Member[] = [];
  const password = stack.secret("redis");
  for (let number = 1; number <= NODES; number++) {
    const name = `redis-cluster-${number}`;
    const port = await stack.port(name);
    const busPort = await stack.port(`${name}-bus`);
    const settings = [
      "cluster-enabled yes",
      "cluster-config-file nodes.conf",
      `cluster-port ${busPort}`,
      `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
      `masterauth ${password}`,
    ];
    const server = redisNode({
      name: `Redis ${number}`,
      folder: stack.of(name),
      port,
      password,
      settings,
    });
    members.push({ server, busPort });
  }
  return new RedisCluster(members);
}

async function form(members: readonly Member[]): Promise<void> {
  const share = Math.ceil(SLOTS / members.length);
  for (const [index, { server }] of members.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await askRedis(server.url, async (redis) => {
      await redis.call("CLUSTER", "ADDSLOTSRANGE", index * share, last);
      // Distinct from the start: nodes of the same epoch would have to settle that first.
      await redis.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
    });
  }
  const [first, ...others] = members as [Member, ...Member[]];
  await askRedis(first.server.url, async (redis) => {
    for (const { server, busPort } of others)
      await redis.call("CLUSTER", "MEET", "127.0.0.1", server.port, busPort);
  });
}

async function moveSlot(
  slot: number,
  source: ServerProcess,
  target: ServerProcess,
  nodes: readonly ServerProcess[],
): Promise<void> {
  const [sourceId, targetId] = await Promise.all([idOf(source), idOf(target)]);
  const setSlot = (node: ServerProcess, ...state: string[]) =>
    askRedis(node.url, (redis) => redis.call("CLUSTER", "SETSLOT", slot, ...state));
  await setSlot(target, "IMPORTING", sourceId);
  await setSlot(source, "MIGRATING", targetId);
  await askRedis(source.url, async (redis) => {
    const { password } = new URL(target.url);
    const to = ["127.0.0.1", target.port, "", 0, MIGRATE_MS, "AUTH", password, "KEYS"];
    const next = () => redis.cluster("GETKEYSINSLOT", slot, KEYS_AT_A_TIME) as Promise<string[]>;
    for (let keys = await next(); keys.length > 0; keys = await next())
      await redis.call("MIGRATE", ...to, ...keys);
  });
  // The new owner first: from here on somebody always answers for the slot.
  for (const node of [target, source, ...nodes.filter((n) => n !== target && n !== source)])
    await setSlot(node, "NODE", targetId);
}

async function idOf(node: ServerProcess): Promise<string> {
  return askRedis(node.url, async (redis) => String(await redis.call("CLUSTER", "MYID")));
}

/** Id of the node that owns a slot, as `witness` knows it. */
async function ownerOf(slot: number, witness: ServerProcess): Promise<string> {
  type Range = [first: number, last: number, master: [host: string, port: number, id: string]];
  const ranges = await askRedis(
    witness.url,
    (redis) => redis.cluster("SLOTS") as Promise<unknown> as Promise<Range[]>,
  );
  const range = ranges.find(([first, last]) => slot >= first && slot <= last);
  if (range === undefined) throw new RangeError(`nobody owns the slot ${slot}`);
  return range[2][2];
}

async function servesAll(node: ServerProcess): Promise<boolean> {
  const { cluster_state, cluster_known_nodes, cluster_slots_ok } = await info(node);
  return (
    cluster_state === "ok" &&
    cluster_known_nodes === String(NODES) &&
    cluster_slots_ok === String(SLOTS)
  );
}

async function info(node: ServerProcess): Promise<Record<string, string>> {
  const text = await askRedis(node.url, (redis) => redis.cluster("INFO"));
  return Object.fromEntries(Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, k, v]) => [k, v]));
}
