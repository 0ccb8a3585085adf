/**
 * Whether a cluster costs the same for each delivery and each message when it grows: CPU time per
 * unit of work with one, two and four gateways and rooms' nodes. On a machine with few cores more
 * nodes bring no more work done; what is compared is what a unit of it costs.
 */
import { type Bench, type Row, round } from "./lib/bench.ts";
import { Child } from "./lib/child.ts";
import { type BenchCluster, cpuBetween, startCluster } from "./lib/cluster.ts";
import { NO_LIMITS } from "./lib/no-limits.ts";
import { openRoom, registerUsers } from "./lib/server.ts";
import type { Received, Sent } from "./lib/traffic.ts";

const SIZES = [1, 2, 4];
/** Per gateway: one more of them has as many viewers more. */
const VIEWERS = 500;
/** Rooms, messages per second over all of them, and senders, for each gateway: all nodes are as busy. */
const ROOMS = 4;
const RATE = 200;
const SENDERS = 40;
const WARM_UP_SECONDS = 4;

export const scale: Bench = {
  name: "scale",
  about: "CPU time per delivery and per message with one, two and four gateways and rooms' nodes",
  async run({ seconds, only, log }) {
    const rows: Row[] = [];
    for (const size of SIZES) {
      const label = `${size} gateways, ${size} nodes of rooms`;
      if (only !== undefined && !label.includes(only)) continue;
      log(label);
      const cluster = await startCluster({ api: size, push: size, rest: 1 }, NO_LIMITS);
      try {
        const row = { case: label, ...(await measure(cluster, size, seconds)) };
        log(JSON.stringify(row));
        rows.push(row);
      } finally {
        await cluster.stop();
      }
    }
    return rows;
  },
};

async function measure(cluster: BenchCluster, size: number, seconds: number): Promise<Row> {
  const [first] = cluster.gateways;
  if (first === undefined) throw new Error("there is no gateway");
  const senders = new Child("generators/senders.ts");
  const audiences: Child[] = [];
  try {
    const owners = await registerUsers(first, ROOMS * size);
    const live_ids = await Promise.all(owners.map((token) => openRoom(first, token)));
    const ports = cluster.gateways.map(({ port }) => port);
    await senders.ask("open", { ports, live_ids, tokens: await cluster.tokens(SENDERS * size) });
    await senders.ask("run", { rate: RATE * size, seconds: WARM_UP_SECONDS });
    // Per message without viewers, and what viewers add to that.
    const quiet = await during(cluster, () =>
      senders.ask<Sent>("run", { rate: RATE * size, seconds }),
    );

    for (const port of ports) {
      const audience = new Child("generators/viewers.ts");
      audiences.push(audience);
      await audience.ask("open", { port, live_id: live_ids[0], viewers: VIEWERS, gzip: false });
    }
    await senders.ask("run", { rate: RATE * size, seconds: WARM_UP_SECONDS });
    await Promise.all(audiences.map((audience) => audience.ask("begin")));
    const busy = await during(cluster, () =>
      senders.ask<Sent>("run", { rate: RATE * size, seconds }),
    );
    const expected = busy.done.acceptedIn[live_ids[0] as number] ?? 0;
    const received = await Promise.all(
      audiences.map((audience) => audience.ask<Received>("finish", { messages: expected })),
    );
    const deliveries = received.reduce((sum, each) => sum + each.deliveries, 0);
    const faults = received.flatMap(({ firstFault }) => (firstFault === "" ? [] : [firstFault]));
    const messages = quiet.done.accepted.length;
    const perDelivery = ((busy.cpu.get("api") ?? 0) - (quiet.cpu.get("api") ?? 0)) / deliveries;
    return {
      exact: faults.length === 0 && quiet.done.refused + busy.done.refused === 0 ? "yes" : "NO",
      ...(faults.length === 0 ? {} : { fault: faults[0] as string }),
      viewers: VIEWERS * ports.length,
      deliveries,
      us_per_delivery: round(perDelivery * 1e6),
      us_per_message: Math.round((sumOf(quiet.cpu) * 1e6) / messages),
      api_us: Math.round(((quiet.cpu.get("api") ?? 0) * 1e6) / messages),
      push_us: Math.round(((quiet.cpu.get("push") ?? 0) * 1e6) / messages),
      rest_us: Math.round(((quiet.cpu.get("rest") ?? 0) * 1e6) / messages),
    };
  } finally {
    senders.stop();
    for (const audience of audiences) audience.stop();
  }
}

async function during<T>(cluster: BenchCluster, work: () => Promise<T>) {
  const before = cluster.cpu();
  const done = await work();
  return { done, cpu: cpuBetween(before, cluster.cpu()) };
}

/** Of the nodes, without the servers. */
function sumOf(cpu: Map<string, number>): number {
  return ["api", "push", "rest"].reduce((sum, kind) => sum + (cpu.get(kind) ?? 0), 0);
}
