/**
 * How much of the machine's best a gateway reaches: deliveries per CPU-second of the real server,
 * next to a bare loop of `socket.write` over as many sockets, with the same bytes and the same number
 * of writes, in the same run.
 */
import type { Bench, Row } from "./lib/bench.ts";
import { Child } from "./lib/child.ts";
import { measureCrowd, warmUp } from "./lib/crowd.ts";
import { NO_LIMITS } from "./lib/no-limits.ts";
import { cpuSeconds } from "./lib/proc.ts";
import { type BenchServer, openRoom, registerUsers, startServer } from "./lib/server.ts";
import type { Sent } from "./lib/traffic.ts";

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

const SENDERS = 50;

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
  const server = await startServer(NO_LIMITS);
  const senders = new Child("generators/senders.ts");
  try {
    const tokens = await registerUsers(server, SENDERS);
    const live_id = await openRoom(server, tokens[0] as string);
    await senders.ask("open", { ports: [server.port], live_ids: [live_id], tokens });
    await warmUp(senders, rate);
    const ingest = await ingestOnly(server, senders, rate, seconds);

    const { row, cpu, floor, messages } = await measureCrowd({
      port: server.port,
      liveId: live_id,
      viewers,
      gzip,
      senders,
      rate,
      seconds,
      cpu: () => cpuSeconds(server.pid),
    });
    return {
      ...row,
      // What taking the messages in costs without any viewer is not the hub's.
      hub_pct: Math.round((100 * floor) / Math.max(floor / 10, cpu - ingest)),
      ingest_us: Math.round((ingest * 1e6) / messages),
    };
  } finally {
    senders.stop();
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
