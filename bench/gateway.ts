/**
 * Fan-out of a gateway that only has viewers, in a cluster: messages come in by another gateway, and
 * batches over NATS from the node that runs the room. Its whole CPU time, next to a bare loop of
 * `socket.write` over as many sockets, with the same bytes and the same number of writes.
 */
import { setTimeout as delay } from "node:timers/promises";
import { integrity } from "./fanout.ts";
import { measureFloor } from "./floor.ts";
import { type Bench, type Row, round } from "./lib/bench.ts";
import { Child } from "./lib/child.ts";
import { type BenchCluster, startCluster } from "./lib/cluster.ts";
import { openRoom, registerUsers } from "./lib/server.ts";
import type { Received, Sent } from "./lib/traffic.ts";

const CASES = [
  { viewers: 1000, rate: 10 },
  { viewers: 1000, rate: 100 },
  { viewers: 1000, rate: 1000 },
  { viewers: 15_000, rate: 100 },
];
const SENDERS = 200;
const WARM_UP_SECONDS = 3;

/** Nothing is left out or folded, so that every message can be accounted for. */
const CONFIG = {
  limiter: {
    user_rate: 1000,
    user_burst: 1000,
    room_rate: 100_000,
    room_rate_min: 100_000,
    room_egress: 1_000_000_000,
    merge_window_ms: 0,
  },
};

export const gateway: Bench = {
  name: "gateway",
  about: "deliveries per CPU-second of a gateway that only has viewers, in a cluster",
  async run({ seconds, only, log }) {
    log("starting servers and nodes");
    const cluster = await startCluster({ api: 2, push: 1, rest: 1 }, CONFIG);
    try {
      const rows: Row[] = [];
      for (const [index, one] of CASES.entries()) {
        const label = `${one.viewers} viewers × ${one.rate}/s`;
        if (only !== undefined && !label.includes(only)) continue;
        log(label);
        const row = { case: label, ...(await measure(cluster, index, one, seconds)) };
        log(JSON.stringify(row));
        rows.push(row);
      }
      return rows;
    } finally {
      await cluster.stop();
    }
  },
};

async function measure(
  cluster: BenchCluster,
  index: number,
  { viewers, rate }: (typeof CASES)[number],
  seconds: number,
): Promise<Row> {
  const [entrance, hall] = cluster.gateways;
  if (entrance === undefined || hall === undefined) throw new Error("two gateways are needed");
  const senders = new Child("generators/senders.ts");
  const readers = new Child("generators/viewers.ts");
  try {
    const [owner = ""] = await registerUsers(entrance, 1, `owner_${index}`);
    const live_id = await openRoom(entrance, owner);
    const tokens = await cluster.tokens(SENDERS);
    await senders.ask("open", { ports: [entrance.port], live_ids: [live_id], tokens });
    await readers.ask("open", { port: hall.port, live_id, viewers, gzip: false });
    await senders.ask<Sent>("run", { rate, seconds: WARM_UP_SECONDS });
    await delay(500);
    await readers.ask("begin");
    const before = cluster.cpuOf("api-2");
    const sent = await senders.ask<Sent>("run", { rate, seconds });
    const received = await readers.ask<Received>("finish", { messages: sent.accepted.length });
    const cpu = cluster.cpuOf("api-2") - before;
    readers.stop();

    const writes = Math.max(1, Math.round(received.writes));
    const bytes = Math.max(1, Math.round(received.bytes / writes));
    const floor = await measureFloor({ viewers, writes, bytes, seconds });
    return {
      ...integrity(sent, received),
      deliveries: received.deliveries,
      p50_ms: received.latency?.[0] ?? "–",
      p99_ms: received.latency?.[1] ?? "–",
      batch: round(received.messages / received.writes),
      cores: round(cpu / seconds),
      per_cpu_s: Math.round(received.deliveries / cpu),
      floor_per_cpu_s: Math.round(received.deliveries / floor),
      gateway_pct: Math.round((100 * floor) / cpu),
    };
  } finally {
    senders.stop();
    readers.stop();
  }
}
