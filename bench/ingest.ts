/**
 * How many messages a cluster makes durable: many senders in many rooms, through gateway, room actor,
 * JetStream and consumer into MariaDB, all of it on this machine.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import { type Bench, type Row, round } from "./lib/bench.ts";
import { Child } from "./lib/child.ts";
import { type BenchCluster, cpuBetween, startCluster } from "./lib/cluster.ts";
import { cpuSeconds } from "./lib/proc.ts";
import { openRoom, registerUsers } from "./lib/server.ts";
import type { Sent } from "./lib/traffic.ts";

const SENDERS = 1000;
const ROOMS = 200;
/** Messages per second; the last one is more than this machine can do, to see what it can. */
const RATES = [500, 1000, 2000, 3000, 4000, 10_000];
/** Long and fast enough that the machine code of all nodes is made before anything is measured. */
const WARM_UP = { rate: 3000, seconds: 10 };
/** How long history may lag behind what was accepted. */
const SETTLE_MS = 30_000;

/** Nobody is refused for talking too fast, or for signing in with all the others. */
const CONFIG = {
  limiter: { user_rate: 10_000, user_burst: 10_000, room_rate: 100_000, room_rate_min: 100_000 },
  gateway: { sign_in_rate: 10_000, sign_in_burst: 10_000 },
};

export const ingest: Bench = {
  name: "ingest",
  about: "durable messages per second of a cluster on this machine",
  async run({ seconds, only, log }) {
    log("starting servers and nodes");
    const cluster = await startCluster({ api: 1, push: 1, rest: 1 }, CONFIG);
    const senders = new Child("generators/senders.ts");
    try {
      const [gateway] = cluster.gateways;
      if (gateway === undefined) throw new Error("there is no gateway");
      log(`opening ${ROOMS} rooms`);
      const owners = await registerUsers(gateway, ROOMS);
      const live_ids = await Promise.all(owners.map((token) => openRoom(gateway, token)));
      const ports = cluster.gateways.map(({ port }) => port);
      await senders.ask("open", { ports, live_ids, tokens: await cluster.tokens(SENDERS) });
      log("warming up");
      const warm = await senders.ask<Sent>("run", WARM_UP);
      await settled(cluster, warm.accepted.length);
      const rows: Row[] = [];
      for (const rate of RATES) {
        const label = `${SENDERS} senders × ${ROOMS} rooms, ${rate}/s`;
        if (only !== undefined && !label.includes(only)) continue;
        log(label);
        const row = { case: label, ...(await measure(cluster, senders, rate, seconds)) };
        log(JSON.stringify(row));
        rows.push(row);
      }
      return rows;
    } finally {
      senders.stop();
      await cluster.stop();
    }
  },
};

async function measure(
  cluster: BenchCluster,
  senders: Child,
  rate: number,
  seconds: number,
): Promise<Row> {
  const kept = await countMessages(cluster);
  const before = cluster.cpu();
  const generator = cpuSeconds(senders.pid);
  const sent = await senders.ask<Sent>("run", { rate, seconds });
  const lag = await settled(cluster, kept + sent.accepted.length);
  const cpu = cpuBetween(before, cluster.cpu());
  cpu.set("senders", cpuSeconds(senders.pid) - generator);
  const count = sent.accepted.length;
  return {
    exact: lag === null || sent.refused > 0 ? `NO ${sent.firstRefusal}` : "yes",
    per_s: Math.round(count / sent.seconds),
    p50_ms: sent.p50,
    p99_ms: sent.p99,
    behind_ms: lag ?? "–",
    ...Object.fromEntries([...cpu].map(([kind, used]) => [`${kind}_us`, micros(used, count)])),
    all_us: micros(
      [...cpu.values()].reduce((sum, used) => sum + used, 0),
      count,
    ),
    cores: round([...cpu.values()].reduce((sum, used) => sum + used, 0) / sent.seconds),
  };
}

function micros(used: number, count: number): number {
  return Math.round((used * 1e6) / count);
}

/** How long after the last answer history had everything, in ms; null when it never had. */
async function settled(cluster: BenchCluster, count: number): Promise<number | null> {
  const start = performance.now();
  while (performance.now() - start < SETTLE_MS) {
    if ((await countMessages(cluster)) === count) return Math.round(performance.now() - start);
    await delay(50);
  }
  return null;
}

async function countMessages({ env }: BenchCluster): Promise<number> {
  const connection = await createConnection(env.DATABASE_URL as string);
  try {
    const [rows] = await connection.query("SELECT COUNT(*) AS count FROM messages");
    return Number((rows as { count: number }[])[0]?.count);
  } finally {
    await connection.end();
  }
}
