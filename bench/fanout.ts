/**
 * How much of the machine's best a gateway reaches: deliveries per CPU-second of the real server,
 * next to a bare loop of `socket.write` over as many sockets, with the same bytes and the same number
 * of writes, in the same run.
 */
import { setTimeout as delay } from "node:timers/promises";
import { measureFloor } from "./floor.ts";
import { type Bench, type Row, round } from "./lib/bench.ts";
import { Child } from "./lib/child.ts";
import { cpuSeconds } from "./lib/proc.ts";
import { type BenchServer, openRoom, registerUsers, startServer } from "./lib/server.ts";
import type { Received, Sent } from "./lib/traffic.ts";

interface Case {
  viewers: number;
  /** Messages per second. */
  rate: number;
  gzip?: boolean;
}

const CASES: Case[] = [
  { viewers: 1000, rate: 1 },
  { viewers: 1000, rate: 10 },
  { viewers: 1000, rate: 100 },
  { viewers: 1000, rate: 1000 },
  // A section of the hub's: others may be sent the same text in other blocks, which cannot be compared.
  { viewers: 500, rate: 100, gzip: true },
  { viewers: 15_000, rate: 100 },
];

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
const SENDERS = 50;
const WARM_UP_SECONDS = 3;

export const fanout: Bench = {
  name: "fanout",
  about: "deliveries per CPU-second of a gateway, compared with bare socket writes",
  async run({ seconds, only, log }) {
    const rows: Row[] = [];
    for (const one of CASES) {
      const label = `${one.viewers} viewers × ${one.rate}/s${one.gzip ? " gzip" : ""}`;
      if (only !== undefined && !label.includes(only)) continue;
      log(label);
      const row = { case: label, ...(await measure(one, one.rate < 10 ? seconds * 2 : seconds)) };
      log(JSON.stringify(row));
      rows.push(row);
    }
    return rows;
  },
};

async function measure({ viewers, rate, gzip = false }: Case, seconds: number): Promise<Row> {
  const server = await startServer(CONFIG);
  const senders = new Child("generators/senders.ts");
  const readers = new Child("generators/viewers.ts");
  try {
    const tokens = await registerUsers(server, SENDERS);
    const live_id = await openRoom(server, tokens[0] as string);
    await senders.ask("open", { ports: [server.port], live_ids: [live_id], tokens });
    await senders.ask<Sent>("run", { rate, seconds: WARM_UP_SECONDS });
    const ingest = await ingestOnly(server, senders, rate, seconds);

    await readers.ask("open", { port: server.port, live_id, viewers, gzip });
    await senders.ask<Sent>("run", { rate, seconds: WARM_UP_SECONDS });
    await delay(500);
    await readers.ask("begin");
    const before = cpuSeconds(server.pid);
    const sent = await senders.ask<Sent>("run", { rate, seconds });
    const received = await readers.ask<Received>("finish", { messages: sent.accepted.length });
    const cpu = cpuSeconds(server.pid) - before;
    readers.stop();

    const writes = Math.max(1, Math.round(received.writes));
    const bytes = Math.max(1, Math.round(received.bytes / writes));
    const floor = await measureFloor({ viewers, writes, bytes, seconds });
    return {
      ...integrity(sent, received),
      deliveries: received.deliveries,
      p50_ms: received.latency?.[0] ?? "–",
      p99_ms: received.latency?.[1] ?? "–",
      max_ms: received.latency?.[2] ?? "–",
      bytes_each: round(received.bytes / received.messages),
      batch: round(received.messages / received.writes),
      cores: round(cpu / seconds),
      per_cpu_s: Math.round(received.deliveries / cpu),
      floor_per_cpu_s: Math.round(received.deliveries / floor),
      whole_pct: Math.round((100 * floor) / cpu),
      // What taking the messages in costs without any viewer is not the hub's.
      hub_pct: Math.round((100 * floor) / Math.max(floor / 10, cpu - ingest)),
      ingest_us: Math.round((ingest * 1e6) / sent.accepted.length),
    };
  } finally {
    senders.stop();
    readers.stop();
    await server.stop();
  }
}

/** CPU seconds that the same messages cost when nobody watches. */
async function ingestOnly(
  server: BenchServer,
  senders: Child,
  rate: number,
  seconds: number,
): Promise<number> {
  const before = cpuSeconds(server.pid);
  await senders.ask<Sent>("run", { rate, seconds });
  return cpuSeconds(server.pid) - before;
}

/** Everything that was accepted was delivered to everyone, once and in order; or what was not. */
export function integrity(sent: Sent, received: Received): Row {
  const accepted = sent.accepted.toSorted((a, b) => a - b);
  const exact =
    received.faults === 0 &&
    accepted.length === received.ids.length &&
    accepted.every((id, index) => id === received.ids[index]);
  if (exact && sent.refused === 0) return { exact: "yes" };
  return {
    exact: "NO",
    fault: received.firstFault || sent.firstRefusal || "ids differ",
    sent: accepted.length,
    received: received.ids.length,
    refused: sent.refused,
  };
}
