import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signAccessToken } from "../../lib/token.ts";
import { NodeGroup, type NodeWishes } from "../../scripts/cluster/node-group.ts";
import { serviceNames } from "../../scripts/serve/boot.ts";
import { Stack } from "../../scripts/stack/stack.ts";
import { cpuSeconds } from "./proc.ts";

/** Real servers and real nodes, each a process of its own. */
export interface BenchCluster {
  gateways: { url: string; port: number }[];
  /** CPU seconds used so far, by what the processes are: "api", "push", "rest", "mariadb" … */
  cpu(): Map<string, number>;
  /** CPU seconds that one node has used so far. */
  cpuOf(node: string): number;
  /** Access tokens of users who never signed in: hashing a thousand passwords measures nothing here. */
  tokens(count: number): Promise<string[]>;
  env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Every service that is neither gateway nor room. */
const REST = serviceNames().filter((name) => name !== "api" && name !== "push");

/** @param counts nodes of each kind */
export async function startCluster(
  counts: { api: number; push: number; rest: number },
  config: object,
): Promise<BenchCluster> {
  const folder = mkdtempSync(join(tmpdir(), "molimoli-bench-"));
  const plan = { mariadb: true, redis: true, nats: true } as const;
  const stack = await Stack.prepare(plan, { path: folder, throwAway: true });
  const group = await NodeGroup.prepare(wishes(counts), join(folder, "nodes"), {
    ...stack.env,
    NODE_ENV: "production",
    LOG_LEVEL: "warn",
    DRAIN_SECONDS: "0",
  });
  const stop = async () => {
    await group.kill();
    await stack.kill();
  };
  try {
    await stack.start();
    for (const name of group.nodes.keys())
      writeFileSync(join(folder, "nodes", name, "data", "config.json"), JSON.stringify(config));
    await group.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    env: stack.env,
    gateways: group.of("api").map((name) => {
      const { port } = new URL(group.node(name).url);
      return { url: group.node(name).url, port: Number(port) };
    }),
    cpu() {
      const used = new Map<string, number>();
      const add = (kind: string, pid: number | null | undefined) => {
        if (pid != null) used.set(kind, (used.get(kind) ?? 0) + cpuSeconds(pid));
      };
      for (const [name, node] of group.nodes) add(name.split("-")[0] as string, node.pid);
      for (const [name, server] of Object.entries(stack.servers)) add(name, server.pid);
      return used;
    },
    cpuOf: (node) => cpuSeconds(group.node(node).pid as number),
    tokens(count) {
      const key = Buffer.from(stack.env.JWT_SECRET as string);
      return Promise.all(
        Array.from({ length: count }, (_, i) => {
          const caller = { user_id: 1000 + i, username: `bench ${i}`, session_id: 1 };
          return signAccessToken(key, caller, Date.now(), 3600);
        }),
      );
    },
    stop,
  };
}

function wishes(counts: { api: number; push: number; rest: number }): NodeWishes {
  const kinds = { api: ["api"], push: ["push"], rest: REST };
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([kind, services]) =>
      Array.from({ length: counts[kind as keyof typeof counts] }, (_, i) => [
        `${kind}-${i + 1}`,
        { services },
      ]),
    ),
  );
}

/** CPU seconds by kind between two readings. */
export function cpuBetween(
  before: Map<string, number>,
  after: Map<string, number>,
): Map<string, number> {
  return new Map([...after].map(([kind, used]) => [kind, used - (before.get(kind) ?? 0)]));
}
