import { setTimeout as pause } from "node:timers/promises";
import { askNats, jetStreamAnswers, keepsReplicas, natsNode } from "./nats-node.ts";
import type { ServerProcess } from "./server-process.ts";
import type { StackFolder } from "./stack-folder.ts";

/** Until the nodes have found each other and a leader, in milliseconds. */
const AGREE_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** Several NATS servers that are one; JetStream keeps up to so many replicas. */
export class NatsCluster {
  readonly name = "NATS";
  readonly nodes: readonly ServerProcess[];

  constructor(nodes: readonly ServerProcess[]) {
    this.nodes = nodes;
  }

  /** Of all nodes, separated by commas. */
  get url(): string {
    return this.nodes.map(({ url }) => url).join(",");
  }

  /** Starts all nodes and waits until JetStream takes orders. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
    await this.ready();
  }

  /**
   * Waits until JetStream takes orders through every node that runs; if all do, until it can keep a
   * stream on all of them. Its leader answers before it knows every other node.
   */
  async ready(): Promise<void> {
    const deadline = performance.now() + AGREE_MS;
    const running = this.nodes.filter(({ pid }) => pid !== undefined);
    for (const { url } of running) await succeed(() => askNats([url], jetStreamAnswers), deadline);
    if (running.length < this.nodes.length) return;
    const { length } = running;
    await succeed(
      () => askNats([this.nodes[0]?.url ?? ""], (nats) => keepsReplicas(nats, length)),
      deadline,
    );
  }
}

/** Tries again until the deadline, by `performance.now()`. */
async function succeed(attempt: () => Promise<void>, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (performance.now() > deadline)
        throw new Error(`JetStream was not ready within ${AGREE_MS / 1000} s`, { cause });
      await pause(LOOK_EVERY_MS);
    }
  }
}

export async function nats(stack: StackFolder): Promise<ServerProcess> {
  return natsNode({
    name: "NATS",
    serverName: "nats",
    folder: stack.of("nats"),
    port: await stack.port("nats"),
    password: stack.secret("nats"),
    awaitJetStream: true,
  });
}

export async function natsCluster(stack: StackFolder, size: number): Promise<NatsCluster> {
  const names = Array.from({ length: size }, (_, index) => `nats-cluster-${index + 1}`);
  const between = { user: "route", password: stack.secret("nats-routes") };
  const routePorts: number[] = [];
  for (const name of names) routePorts.push(await stack.port(`${name}-routes`));
  const routes = routePorts.map(
    (port) => `nats-route://${between.user}:${between.password}@127.0.0.1:${port}`,
  );
  const nodes: ServerProcess[] = [];
  for (const [index, name] of names.entries()) {
    const cluster = { name: "molimoli", host: "127.0.0.1", port: routePorts[index] };
    nodes.push(
      natsNode({
        name: `NATS ${index + 1}`,
        serverName: name,
        folder: stack.of(name),
        port: await stack.port(name),
        password: stack.secret("nats"),
        settings: { cluster: { ...cluster, authorization: between, routes } },
        awaitJetStream: false,
      }),
    );
  }
  return new NatsCluster(nodes);
}
